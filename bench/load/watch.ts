// Readers of what one person types elsewhere: when each of them saw each edit.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { machineNowMs } from '../support/clock.ts';
import { addressSchema, joinMany, type RawClient } from './client.ts';
import { Ends } from './edits.ts';

export const watchSchema = v.object({
  address: addressSchema,
  readers: v.number(),
  /** How many edits there will be. */
  edits: v.number(),
});

/** For each edit when each reader saw it, `machineNowMs`; fewer for one that some did not see. */
export const seenSchema = v.array(v.array(v.number()));
export type Seen = v.InferOutput<typeof seenSchema>;

class Watch {
  readonly seen: number[][];
  readonly done = Promise.withResolvers<void>();
  readonly #readers: readonly RawClient[];
  readonly #ends = new Ends();
  #missing: number;

  constructor(readers: readonly RawClient[], edits: number) {
    this.#readers = readers;
    this.seen = Array.from({ length: edits }, () => []);
    this.#missing = edits * readers.length;
    // Until somebody waits for it.
    this.done.promise.catch(() => undefined);
    for (const reader of readers) this.#follow(reader);
  }

  leave(): void {
    for (const reader of this.#readers) reader.leave();
  }

  #follow(reader: RawClient): void {
    let count = 0;
    reader.onLost = this.done.reject;
    reader.onUpdate = (update) => {
      const atMs = machineNowMs();
      // Edits that met in one turn of the server arrive merged.
      const end = Math.max(...this.#ends.in(update).values());
      this.#missing -= Math.max(0, end - count);
      for (; count < end; count += 1) this.seen[count]?.push(atMs);
      if (this.#missing === 0) this.done.resolve();
    };
  }
}

let watching: Watch | null = null;

/** Resolves once all readers are in the document. */
export async function watch(given: unknown): Promise<null> {
  const { address, readers, edits } = v.parse(watchSchema, given);
  watching = new Watch(await joinMany(address, readers), edits);
  return null;
}

/** What they saw, once that is everything or patience is over; they leave. */
export async function seen(given: unknown): Promise<Seen> {
  const { patienceMs } = v.parse(v.object({ patienceMs: v.number() }), given);
  if (watching === null) throw new Error('nobody watches');
  await Promise.race([watching.done.promise, sleep(patienceMs)]);
  watching.leave();
  return watching.seen;
}
