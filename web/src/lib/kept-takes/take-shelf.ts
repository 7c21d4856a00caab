// The spoken takes of this device: a row for each, and files with what is heard of it.
import * as v from 'valibot';
import type { TakeId } from '#domain/story/ids.ts';
import { deviceDb, type DeviceDb } from '../device/device-db.ts';
import { NotKept, type ByteStore, type Growing } from './byte-store.ts';
import { IdbStore } from './idb-store.ts';
import { keptTakeSchema, type KeptTake } from './kept-take.ts';
import { OpfsStore } from './opfs-store.ts';
import { readTakeFile, type TakeFile } from './take-file.ts';
import type { KeptOrigin } from './take-origin.ts';

/** What is in a file: the samples as captured, a file that was chosen, the file that is sent. */
export type Part = 'raw' | 'chosen' | 'sent';

/** What is kept, and what is there and cannot be understood: that is never an empty shelf. */
export interface ShelfContent {
  /** Oldest first. */
  readonly takes: readonly KeptTake[];
  /** Things on the shelf that cannot be read. They are left as they are. */
  readonly unreadable: number;
}

type Rows = Pick<DeviceDb, 'all' | 'get' | 'change'>;

const TABLE = 'takes';
/** How long the row of a published take stays, from when it was sent off: other tabs learn by it. */
const LIVE_ROW_MS = 24 * 60 * 60 * 1_000;
const RAW = /^(?<id>[0-9a-f-]{36})\.raw$/u;

export class TakeShelf {
  readonly #rows: Rows;
  readonly #stores: readonly ByteStore[];
  /** Takes that are being let go of: on some devices that never ends. */
  readonly #dropping = new Set<TakeId>();

  /** @param stores the first that can is written to, all of them are read */
  constructor(rows: Rows, stores: readonly ByteStore[]) {
    this.#rows = rows;
    this.#stores = stores;
  }

  /** Everything that is kept, with what was captured by a page that did not live to note it. */
  async content(): Promise<ShelfContent> {
    const rows = await this.#rows.all(TABLE);
    const read = rows.flatMap((row) => readRow(row) ?? []);
    let unreadable = rows.length - read.length;
    const old = read.filter(isLongLive);
    // Not waited for: some devices hang, and what is kept must be found all the same.
    for (const { origin } of old) void this.#dropOnce(origin.takeId);
    const takes = read.filter((take) => !old.includes(take));
    const known = new Set(rows.map(keyOf));
    for (const id of await this.#files()) {
      if (known.has(id)) continue;
      const take = await this.#ofFile(id);
      if (take === null) unreadable += 1;
      else takes.push(take);
    }
    return {
      takes: takes.toSorted((a, b) => a.origin.capturedAtMs - b.origin.capturedAtMs),
      unreadable,
    };
  }

  /** Null if it is not there. */
  async find(id: TakeId): Promise<KeptTake | null> {
    return readRow(await this.#rows.get(TABLE, id)) ?? this.#ofFile(id);
  }

  async put(take: KeptTake): Promise<void> {
    await this.#rows.change(TABLE, take.origin.takeId, () => take);
  }

  /**
   * Changes a take that is there; what cannot be understood is not written over.
   * @returns the take as it is now; null if it is not there, or cannot be understood
   */
  async change(id: TakeId, change: (take: KeptTake) => KeptTake): Promise<KeptTake | null> {
    const found = await this.find(id);
    if (found === null) return null;
    let now: KeptTake | null = null;
    await this.#rows.change(TABLE, id, (row) => {
      now = null;
      if (row !== undefined && readRow(row) === null) return asItIs(row);
      now = change(readRow(row) ?? found);
      return now;
    });
    return now;
  }

  /** Begins a file of a take, anew if there is one. @throws {NotKept} */
  async create(id: TakeId, part: Part): Promise<Growing> {
    let last = new NotKept('failed');
    for (const store of this.#stores) {
      try {
        return await store.create(nameOf(id, part));
      } catch (error) {
        if (!(error instanceof NotKept) || error.why !== 'failed') throw error;
        last = error;
      }
    }
    throw last;
  }

  async read(id: TakeId, part: Part): Promise<Blob | null> {
    for (const store of this.#stores) {
      const file = await store.read(nameOf(id, part));
      if (file !== null) return file;
    }
    return null;
  }

  /**
   * What was captured of a take; null if there is no file of it.
   * @throws {UnreadableTake}
   */
  async captured(id: TakeId, known: KeptOrigin | null): Promise<TakeFile | null> {
    const file = await this.read(id, 'raw');
    return file === null ? null : readTakeFile(new Uint8Array(await file.arrayBuffer()), known);
  }

  /** Lets go of what is heard of a take, and keeps its row. */
  async dropFiles(id: TakeId): Promise<void> {
    for (const store of this.#stores)
      for (const part of ['raw', 'chosen', 'sent'] as const) await store.remove(nameOf(id, part));
  }

  async drop(id: TakeId): Promise<void> {
    // Files first: a row without files is let go of another time, files without it come back.
    await this.dropFiles(id);
    await this.#rows.change(TABLE, id, () => null);
  }

  /** Lets go of a take, unless that is under way. Never throws. */
  async #dropOnce(id: TakeId): Promise<void> {
    if (this.#dropping.has(id)) return;
    this.#dropping.add(id);
    try {
      await this.drop(id);
    } catch (error) {
      console.warn(error);
    } finally {
      this.#dropping.delete(id);
    }
  }

  async #files(): Promise<Set<string>> {
    const names = await Promise.all(this.#stores.map((store) => store.list()));
    return new Set(names.flat().flatMap((name) => RAW.exec(name)?.groups?.['id'] ?? []));
  }

  /** What a file says of a take that has no row; null if it says nothing. */
  async #ofFile(id: string): Promise<KeptTake | null> {
    const file = await this.#readRaw(id);
    if (file === null) return null;
    try {
      const { origin, samples } = readTakeFile(new Uint8Array(await file.arrayBuffer()));
      return newTake(origin, { frames: Math.max(0, samples.length - origin.leadFrames) });
    } catch {
      return null;
    }
  }

  async #readRaw(id: string): Promise<Blob | null> {
    for (const store of this.#stores) {
      const file = await store.read(`${id}.raw`);
      if (file !== null) return file;
    }
    return null;
  }
}

/** A take that is about to be captured, or of which no more is known. */
export function newTake(origin: KeptOrigin, facts: Partial<KeptTake> = {}): KeptTake {
  const nothing = { frames: null, fileType: null, sending: null, problem: null, published: null };
  const typed = { name: '', title: '', words: '' };
  return { origin, state: 'capturing', ...nothing, ...typed, edit: null, ...facts };
}

/**
 * Frames of a take; those of one that nobody stopped are counted once. Null for a chosen file.
 * Call it for a take that no tab has open.
 */
export async function framesOf(shelf: TakeShelf, take: KeptTake): Promise<number | null> {
  if (take.frames !== null || take.fileType !== null) return take.frames;
  const { takeId } = take.origin;
  let file: Awaited<ReturnType<TakeShelf['captured']>>;
  try {
    file = await shelf.captured(takeId, take.origin);
  } catch (error) {
    // Not read this time: it is offered without its length, and asked again.
    console.warn(error);
    return null;
  }
  const frames = file === null ? 0 : Math.max(0, file.samples.length - take.origin.leadFrames);
  await shelf.change(takeId, (now) => (now.state === 'capturing' ? { ...now, frames } : now));
  return frames;
}

let opened: Promise<TakeShelf | null> | undefined;

/** The shelf of this browser; null where it keeps nothing. */
export function deviceShelf(): Promise<TakeShelf | null> {
  opened ??= openShelf();
  return opened;
}

async function openShelf(): Promise<TakeShelf | null> {
  const [db, files] = await Promise.all([deviceDb(), OpfsStore.open()]);
  if (db === null) return null;
  return new TakeShelf(db, [...(files === null ? [] : [files]), new IdbStore(db)]);
}

function nameOf(id: TakeId, part: Part): string {
  return `${id}.${part}`;
}

function readRow(row: unknown): KeptTake | null {
  const parsed = v.safeParse(keptTakeSchema, row);
  return parsed.success ? parsed.output : null;
}

function isLongLive({ state, sending }: KeptTake): boolean {
  return state === 'live' && (sending?.queuedAtMs ?? 0) < Date.now() - LIVE_ROW_MS;
}

function keyOf(row: unknown): string {
  return typeof row === 'object' && row !== null && 'key' in row ? String(row.key) : '';
}

/** A row that is put back untouched. */
function asItIs(row: unknown): object | null {
  return typeof row === 'object' ? row : null;
}
