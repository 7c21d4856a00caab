// What this browser keeps of a person's work until the server has it: one small IndexedDB.

/**
 * The tables: registry of words documents, drafts of written takes, written takes that wait for the
 * line, words that the server did not take, trees as they were last seen, spoken takes, and the
 * pieces of their files where the browser has no other place for them.
 */
export type DeviceTable = 'words' | 'drafts' | 'waiting' | 'lost' | 'trees' | 'takes' | 'pieces';

const NAME = 'tap-story-device';
const VERSION = 4;
const tables: readonly DeviceTable[] = [
  'words',
  'drafts',
  'waiting',
  'lost',
  'trees',
  'takes',
  'pieces',
];

/** Rows are plain JSON with a `key`; whoever reads them parses them. */
export class DeviceDb {
  readonly #db: IDBDatabase;

  private constructor(db: IDBDatabase) {
    this.#db = db;
    // Another tab brings a newer version: it must not wait for us.
    db.addEventListener('versionchange', () => db.close());
  }

  /** Opens it; null where the browser keeps nothing, as in some private windows. */
  static async open(): Promise<DeviceDb | null> {
    if (typeof indexedDB === 'undefined') return null;
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.addEventListener('upgradeneeded', () => {
        const { result: db } = request;
        const missing = tables.filter((table) => !db.objectStoreNames.contains(table));
        for (const table of missing) db.createObjectStore(table, { keyPath: 'key' });
      });
      return new DeviceDb(await settled(request));
    } catch {
      return null;
    }
  }

  /** One row, or undefined. */
  async get(table: DeviceTable, key: string): Promise<unknown> {
    return settled<unknown>(this.#db.transaction(table).objectStore(table).get(key));
  }

  async all(table: DeviceTable): Promise<unknown[]> {
    return settled<unknown[]>(this.#db.transaction(table).objectStore(table).getAll());
  }

  /** The rows whose keys begin with `prefix`, in the order of their keys. */
  async under(table: DeviceTable, prefix: string): Promise<unknown[]> {
    const store = this.#db.transaction(table).objectStore(table);
    return settled<unknown[]>(store.getAll(keysUnder(prefix)));
  }

  async keys(table: DeviceTable): Promise<string[]> {
    const keys = await settled(this.#db.transaction(table).objectStore(table).getAllKeys());
    return keys.map(String);
  }

  /** Removes the rows whose keys begin with `prefix`. Resolves once that is committed. */
  async removeUnder(table: DeviceTable, prefix: string): Promise<void> {
    const transaction = this.#db.transaction(table, 'readwrite', STRICT);
    transaction.objectStore(table).delete(keysUnder(prefix));
    await committed(transaction);
  }

  /**
   * Changes one row in one transaction: `change` gets what is there, or undefined, and returns
   * what shall be there, or null for nothing. Resolves once that is on the disk, as far as the
   * browser can see to it.
   */
  async change(
    table: DeviceTable,
    key: string,
    change: (row: unknown) => object | null,
  ): Promise<void> {
    const transaction = this.#db.transaction(table, 'readwrite', STRICT);
    const done = committed(transaction);
    const store = transaction.objectStore(table);
    const read = store.get(key);
    read.addEventListener('success', () => {
      const row = change(read.result);
      if (row === null) store.delete(key);
      else store.put({ ...row, key });
    });
    await done;
  }
}

/** Without it, a browser calls committed what the system has not written yet. */
const STRICT: IDBTransactionOptions = { durability: 'strict' };

function keysUnder(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

function committed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve());
    transaction.addEventListener('abort', () => reject(transaction.error ?? new Error('not kept')));
  });
}

let opened: Promise<DeviceDb | null> | undefined;

/** The one of this page; null where the browser keeps nothing. */
export function deviceDb(): Promise<DeviceDb | null> {
  opened ??= DeviceDb.open();
  return opened;
}

/** The result of a request, as a promise. */
export function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result), { once: true });
    request.addEventListener('error', () => reject(request.error ?? new Error('not kept')), {
      once: true,
    });
  });
}
