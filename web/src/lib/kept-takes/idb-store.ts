// Files in IndexedDB, for browsers that have no private file system: one row for each piece.
import type { DeviceDb } from '../device/device-db.ts';
import { NotKept, notKept, type ByteStore, type Growing } from './byte-store.ts';

type Rows = Pick<DeviceDb, 'keys' | 'under' | 'change' | 'removeUnder'>;

const TABLE = 'pieces';
/** Keys are compared as text, so that numbers need their zeros: enough for a year of pieces. */
const DIGITS = 9;

export class IdbStore implements ByteStore {
  readonly #db: Rows;

  constructor(db: Rows) {
    this.#db = db;
  }

  async create(name: string): Promise<Growing> {
    await this.remove(name);
    let next = 0;
    let last: Promise<void> = Promise.resolve();
    const append = async (piece: Uint8Array<ArrayBuffer>): Promise<void> => {
      const key = `${name}/${String(next++).padStart(DIGITS, '0')}`;
      try {
        await this.#db.change(TABLE, key, () => ({ piece }));
      } catch (error) {
        throw notKept(error);
      }
    };
    return {
      append: (piece) => (last = last.then(() => append(piece))),
      close: async () => undefined,
    };
  }

  async read(name: string): Promise<Blob | null> {
    const rows = await this.#db.under(TABLE, `${name}/`);
    if (rows.length === 0) return null;
    return new Blob(rows.map(pieceOf));
  }

  async list(): Promise<string[]> {
    const keys = await this.#db.keys(TABLE);
    return [...new Set(keys.map((key) => key.slice(0, key.lastIndexOf('/'))))];
  }

  async remove(name: string): Promise<void> {
    await this.#db.removeUnder(TABLE, `${name}/`);
  }
}

function pieceOf(row: unknown): Uint8Array<ArrayBuffer> {
  const piece = typeof row === 'object' && row !== null && 'piece' in row ? row.piece : null;
  if (!(piece instanceof Uint8Array)) throw new NotKept('failed');
  // A copy of its own buffer, for the row's may be shared as far as types know.
  return new Uint8Array(piece);
}
