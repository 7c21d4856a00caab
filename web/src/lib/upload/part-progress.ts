// How far the parts of a file are, as one share.
import type { UploadTicket } from '#domain/protocol/commands.ts';

/** How far an upload is. */
export interface UploadProgress {
  /** Share of the file that has arrived or is on its way, 0 to 1. */
  readonly share: number;
  /** How long until it is tried again, milliseconds; null while it runs. */
  readonly waitMs: number | null;
  /** Parts of the file. */
  readonly parts: number;
  /** How many of them have arrived. */
  readonly arrived: number;
}

export class PartProgress {
  readonly #bytes: number;
  readonly #parts: number;
  /** Bytes that have not left yet, of each part that has not arrived. */
  readonly #open: Map<number, number>;

  constructor(bytes: number, { partBytes, missing }: UploadTicket) {
    this.#bytes = bytes;
    this.#parts = Math.ceil(bytes / partBytes);
    const sizeOf = (number: number): number =>
      Math.min(partBytes, bytes - (number - 1) * partBytes);
    this.#open = new Map(missing.map(({ number }) => [number, sizeOf(number)]));
  }

  left(number: number, bytes: number): void {
    this.#open.set(number, bytes);
  }

  arrived(number: number): void {
    this.#open.delete(number);
  }

  at(waitMs: number | null = null): UploadProgress {
    const open = [...this.#open.values()].reduce((sum, bytes) => sum + bytes, 0);
    const arrived = this.#parts - this.#open.size;
    return { share: 1 - open / this.#bytes, waitMs, parts: this.#parts, arrived };
  }
}
