// Words and drafts as this device keeps them: over a lost line, a closed tab, a crash.
import { IndexeddbPersistence, storeState } from 'y-indexeddb';
import type * as Y from 'yjs';
import { deviceDb, settled } from '../device/device-db.ts';
import {
  isStale,
  keptName,
  KeptRegistry,
  partsOf,
  stillUnsaved,
  unsavedKey,
} from './kept-registry.ts';
import type { Unsaved } from './kept-registry.ts';
import type { Kept, KeptId, WordsKeeper } from './words-keeper.ts';

/** How many of the newest rows are searched for an edit that was just written. */
const CONFIRM_ROWS = 50;

/** How long the device may take to bring its copy, milliseconds. */
const LOAD_MS = 3_000;

/** This tab, among those that share the device's storage. */
const TAB = crypto.randomUUID();

/** Copies that are being let go of: whoever opens one again waits until it is gone. */
const forgetting = new Map<string, Promise<void>>();

/** The keeper of this browser. */
export const deviceWords: WordsKeeper = {
  keep: (id, doc, onChange) => new KeptWords(id, doc, onChange),
  unsaved: async (userId, storyId) => {
    const db = await deviceDb();
    const entries = db === null ? [] : await new KeptRegistry(db).entries();
    return entries
      .filter((entry) => entry.userId === userId && entry.storyId === storyId)
      .filter(({ unsaved }) => Object.keys(unsaved).length > 0)
      .flatMap(({ takeId }) => takeId ?? []);
  },
  forget: async (id) => {
    const db = await deviceDb();
    if (db !== null) await forgetClosed(new KeptRegistry(db), keptName(id));
  },
};

class KeptWords implements Kept {
  readonly loaded: Promise<void>;
  known = false;
  readonly #id: KeptId;
  readonly #doc: Y.Doc;
  readonly #onChange: () => void;
  readonly #closing = Promise.withResolvers<void>();
  #registry: KeptRegistry | null = null;
  #persistence: IndexeddbPersistence | null = null;
  #loadedUnsaved: Unsaved = {};
  #isLoaded = false;
  #unsaved = false;
  readonly #parts = new Set<string>();
  #isRewritten = false;
  #edits = 0;
  /** Edits that are not certain to be on the device yet. */
  #unconfirmed = 0;
  #failed = false;
  #closed = false;

  constructor(id: KeptId, doc: Y.Doc, onChange: () => void) {
    this.#id = id;
    this.#doc = doc;
    this.#onChange = onChange;
    this.loaded = this.#load().catch(() => {
      this.#failed = true;
    });
  }

  get unsaved(): boolean {
    return this.#unsaved;
  }

  get unsavedParts(): readonly string[] {
    return [...this.#parts];
  }

  get safe(): boolean {
    return this.#isLoaded && !this.#failed && this.#unconfirmed === 0;
  }

  edited(update: Uint8Array, parts: readonly string[]): void {
    const isFirst = !this.#unsaved || parts.some((part) => !this.#parts.has(part));
    // Before the copy is loaded, an edit lies in the state that is stored with it, not in a row.
    const row = this.#isLoaded ? update : null;
    this.#unsaved = true;
    for (const part of parts) this.#parts.add(part);
    this.#edits += 1;
    this.#unconfirmed += 1;
    void this.#confirm(row, { edit: this.#edits, parts, isFirst });
  }

  saved(): void {
    void this.#rewrite();
    if (!this.#unsaved && this.known) return;
    this.#unsaved = false;
    this.#parts.clear();
    this.known = true;
    const loaded = this.#loadedUnsaved;
    this.#loadedUnsaved = {};
    this.#note((unsaved) => (this.#unsaved ? unsaved : stillUnsaved(unsaved, loaded, TAB)));
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.known) this.#note((unsaved) => unsaved);
    this.#closing.resolve();
    void this.#persistence?.destroy();
  }

  /**
   * Stores the document anew, once for each opening: the copy was written as the document was at
   * some time, and what has been deleted or forgotten since has no place on this device either.
   */
  async #rewrite(): Promise<void> {
    const persistence = this.#persistence;
    if (persistence === null || this.#isRewritten || this.#closed || !this.safe) return;
    this.#isRewritten = true;
    // A device that cannot do it now has another opening.
    await storeState(persistence).catch(() => undefined);
  }

  forget(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#closing.resolve();
    const name = keptName(this.#id);
    const gone = this.#forget(name).catch(() => undefined);
    forgetting.set(name, gone);
    void gone.then(() => forgetting.delete(name));
  }

  async #forget(name: string): Promise<void> {
    await this.loaded;
    await this.#persistence?.destroy();
    if (this.#registry !== null) await forgetClosed(this.#registry, name);
  }

  async #load(): Promise<void> {
    const db = await deviceDb();
    if (db === null || this.#closed) {
      this.#failed = true;
      return;
    }
    this.#registry = new KeptRegistry(db);
    await forgetting.get(keptName(this.#id));
    await holdOpen(this.#id, this.#closing.promise);
    // Before the document: an edit that the registry names lies in the document by then.
    const entry = await this.#registry.find(this.#id);
    if (this.#closed) return;
    const persistence = new IndexeddbPersistence(keptName(this.#id), this.#doc);
    this.#persistence = persistence;
    await inTime(persistence.whenSynced);
    this.#loadedUnsaved = entry?.unsaved ?? {};
    this.#unsaved ||= Object.keys(this.#loadedUnsaved).length > 0;
    for (const part of partsOf(this.#loadedUnsaved)) this.#parts.add(part);
    this.#isLoaded = true;
    this.known = entry !== null;
    // What cannot be swept now is swept another time.
    void sweep(this.#registry).catch(() => undefined);
  }

  /** Waits until an edit lies on the device, then notes that it is not saved elsewhere. */
  async #confirm(
    row: Uint8Array | null,
    { edit, parts, isFirst }: Edit & { readonly isFirst: boolean },
  ): Promise<void> {
    try {
      await this.loaded;
      if (isFirst) await this.#noteEdit({ edit: 0, parts });
      const db = this.#persistence?.db ?? null;
      if (db === null || (row !== null && !(await hasRow(db, row)))) this.#failed = true;
      else await this.#noteEdit({ edit, parts });
    } catch {
      this.#failed = true;
    } finally {
      this.#unconfirmed -= 1;
      this.#onChange();
    }
  }

  async #noteEdit({ edit, parts }: Edit): Promise<void> {
    const keys = [unsavedKey(TAB), ...parts.map((part) => unsavedKey(TAB, part))];
    await this.#registry?.note(this.#id, (unsaved) => {
      if (!this.#unsaved) return unsaved;
      const noted = keys.map((key) => [key, Math.max(edit, unsaved[key] ?? 0)]);
      return { ...unsaved, ...Object.fromEntries(noted) };
    });
  }

  #note(change: (unsaved: Unsaved) => Unsaved): void {
    // A copy that is called unsaved for too long is sent once more, and that is all.
    void this.#registry?.note(this.#id, change).catch(() => undefined);
  }
}

interface Edit {
  /** Its number. */
  readonly edit: number;
  /** What it changed, where the document has parts. */
  readonly parts: readonly string[];
}

/** A device whose storage hangs must not keep the words from being opened. */
async function inTime(work: Promise<unknown>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the storage hangs')), LOAD_MS);
  try {
    await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** True if one of the newest rows of a words document on the device is this update. */
async function hasRow(db: IDBDatabase, update: Uint8Array): Promise<boolean> {
  // Begun after the row was asked for, so IndexedDB answers once that is written or given up.
  const store = db.transaction('updates', 'readonly').objectStore('updates');
  const request = store.openCursor(null, 'prev');
  for (let row = 0; row < CONFIRM_ROWS; row += 1) {
    const cursor = await settled(request);
    if (cursor === null) return false;
    if (cursor.value instanceof Uint8Array && sameBytes(cursor.value, update)) return true;
    cursor.continue();
  }
  return false;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}

/** Says to other tabs that a document is open here; resolves once they can tell. */
async function holdOpen(id: KeptId, until: Promise<void>): Promise<void> {
  if (!('locks' in navigator)) return;
  const held = Promise.withResolvers<void>();
  void navigator.locks.request(keptName(id), { mode: 'shared' }, () => {
    held.resolve();
    return until;
  });
  await held.promise;
}

/** Forgets a copy, unless some tab has it open. */
async function forgetClosed(registry: KeptRegistry, name: string): Promise<void> {
  if (!('locks' in navigator)) return;
  await navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return;
    await settled(indexedDB.deleteDatabase(name));
    await registry.forget(name);
  });
}

/** Forgets the documents that are saved and have been closed for long. */
async function sweep(registry: KeptRegistry): Promise<void> {
  for (const entry of await registry.entries())
    if (isStale(entry, Date.now())) await forgetClosed(registry, entry.key);
}
