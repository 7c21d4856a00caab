// Counting and hashing bytes on their way.
import { createHash } from 'node:crypto';
import type { PutResult } from './objects.ts';

/** Counts and hashes what passes through it; `result` is final once the iteration has ended. */
export class DigestingBody implements AsyncIterable<Uint8Array> {
  readonly #hash = createHash('sha256');
  readonly #source: Uint8Array | AsyncIterable<Uint8Array>;
  #bytes = 0;

  constructor(source: Uint8Array | AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const source = this.#source instanceof Uint8Array ? [this.#source] : this.#source;
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.#bytes += chunk.byteLength;
      yield chunk;
    }
  }

  result(): PutResult {
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }
}

/** Reads a body to its end for its size and hash alone. */
export async function digestOf(body: AsyncIterable<Uint8Array>): Promise<PutResult> {
  const digesting = new DigestingBody(body);
  const chunks = digesting[Symbol.asyncIterator]();
  while (!(await chunks.next()).done);
  return digesting.result();
}
