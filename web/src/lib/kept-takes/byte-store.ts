// Files of one person's device, that grow by whole pieces: the port behind which OPFS and IndexedDB
// lie.

/** Why something is not on the device. */
export class NotKept extends Error {
  override readonly name = 'NotKept';
  /** `full`: there is no room; `taken`: another tab writes it; `failed`: the browser did not say. */
  readonly why: 'full' | 'taken' | 'failed';
  constructor(why: 'full' | 'taken' | 'failed', cause?: unknown) {
    super(`not kept on this device: ${why}`, { cause });
    this.why = why;
  }
}

/** A file that is being written. */
export interface Growing {
  /**
   * Adds a piece. Resolves once it would outlive the browser; pieces arrive in the order of the
   * calls, whole or not at all.
   * @throws {NotKept}
   */
  append(piece: Uint8Array<ArrayBuffer>): Promise<void>;
  close(): Promise<void>;
}

export interface ByteStore {
  /**
   * Begins a file anew.
   * @throws {NotKept}
   */
  create(name: string): Promise<Growing>;
  /** Null if there is no such file. */
  read(name: string): Promise<Blob | null>;
  list(): Promise<string[]>;
  /** Nothing happens if there is no such file. */
  remove(name: string): Promise<void>;
}

/** What a browser's error means for whoever wanted to keep something. */
export function notKept(error: unknown): NotKept {
  if (error instanceof NotKept) return error;
  const name = error instanceof Error ? error.name : '';
  if (name === 'QuotaExceededError') return new NotKept('full', error);
  return new NotKept(name === 'NoModificationAllowedError' ? 'taken' : 'failed', error);
}
