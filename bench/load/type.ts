// People type at a pace, and everybody reads: edit sent → seen by each reader, and acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { Histogram } from '../support/statistics.ts';
import { addressSchema, joinMany, type RawClient } from './client.ts';
import { Ends, typing, type Edits } from './edits.ts';

export const typeSchema = v.object({
  address: addressSchema,
  readers: v.number(),
  writers: v.number(),
  /** Edits of each writer, and how many of them are not counted, while both sides warm up. */
  edits: v.number(),
  warmUp: v.number(),
  /** Edits a second, of all writers together. */
  perSecond: v.number(),
  /** What is not there so long after the last edit has not come, milliseconds. */
  patienceMs: v.number(),
});

export const typedSchema = v.object({
  seenP50Ms: v.number(),
  seenP99Ms: v.number(),
  /** 0 where nothing is acknowledged. */
  acknowledgedP95Ms: v.number(),
  /** At which the edits really left. */
  sentPerSecond: v.number(),
  /** False if an edit did not reach a reader, or a connection was lost. */
  isComplete: v.boolean(),
});
export type Typed = v.InferOutput<typeof typedSchema>;

/** One writer's edits on their way. */
interface Typist extends Edits {
  readonly connection: RawClient;
  readonly sentMs: number[];
}

export async function type(given: unknown): Promise<Typed> {
  const { address, ...asked } = v.parse(typeSchema, given);
  const readers = await joinMany(address, asked.readers);
  const connections = await joinMany(address, asked.writers);
  const typists = connections.map((connection): Typist => ({
    connection,
    sentMs: [],
    ...typing(address.document, asked.edits),
  }));
  const tally = new Tally(typists, asked);
  for (const reader of readers) tally.watch(reader);
  try {
    const beganMs = performance.now();
    await sendAll(typists, { perSecond: asked.perSecond, isOver: () => tally.isOver });
    const tookMs = performance.now() - beganMs;
    await Promise.race([tally.done, sleep(asked.patienceMs)]);
    return tally.told((asked.edits * asked.writers * 1_000) / tookMs);
  } finally {
    for (const client of [...readers, ...connections]) client.leave();
  }
}

/** Who has seen how much of what was sent. */
class Tally {
  readonly #typists: ReadonlyMap<number, Typist>;
  readonly #warmUp: number;
  readonly #ends = new Ends();
  readonly #seen = new Histogram();
  readonly #acknowledged = new Histogram();
  readonly #done = Promise.withResolvers<void>();
  #missing: number;
  #isLost = false;

  constructor(
    typists: readonly Typist[],
    { edits, readers, warmUp }: { edits: number; readers: number; warmUp: number },
  ) {
    this.#typists = new Map(typists.map((typist) => [typist.client, typist]));
    this.#warmUp = warmUp;
    this.#missing = edits * typists.length * readers;
    for (const { connection, sentMs } of typists) {
      let saved = 0;
      connection.onLost = () => this.#lose();
      connection.onSaved = () => {
        if (saved >= warmUp) this.#acknowledged.add(performance.now() - (sentMs[saved] ?? 0));
        saved += 1;
      };
    }
  }

  get done(): Promise<void> {
    return this.#done.promise;
  }

  get isOver(): boolean {
    return this.#isLost;
  }

  watch(reader: RawClient): void {
    const seen = new Map<number, number>();
    reader.onLost = () => this.#lose();
    reader.onUpdate = (update) => {
      const atMs = performance.now();
      // Edits that met in one turn of the server arrive merged.
      for (const [client, end] of this.#ends.in(update)) {
        this.#count(client, { from: seen.get(client) ?? 0, end, atMs });
        seen.set(client, end);
      }
    };
  }

  told(sentPerSecond: number): Typed {
    return {
      seenP50Ms: this.#seen.percentile(0.5),
      seenP99Ms: this.#seen.percentile(0.99),
      acknowledgedP95Ms: this.#acknowledged.percentile(0.95),
      sentPerSecond: Math.round(sentPerSecond),
      isComplete: this.#missing === 0 && !this.#isLost,
    };
  }

  #count(client: number, { from, end, atMs }: { from: number; end: number; atMs: number }): void {
    const sentMs = this.#typists.get(client)?.sentMs ?? [];
    for (let n = from; n < end; n += 1) {
      if (n >= this.#warmUp) this.#seen.add(atMs - (sentMs[n] ?? 0));
    }
    this.#missing -= Math.max(0, end - from);
    if (this.#missing === 0) this.#done.resolve();
  }

  #lose(): void {
    this.#isLost = true;
    this.#done.resolve();
  }
}

/** Sends everybody's edits in turns, each when it is due. */
async function sendAll(
  typists: readonly Typist[],
  { perSecond, isOver }: { perSecond: number; isOver: () => boolean },
): Promise<void> {
  const total = typists.reduce((sum, { frames }) => sum + frames.length, 0);
  const beganMs = performance.now();
  for (let sent = 0; sent < total && !isOver();) {
    const due = ((performance.now() - beganMs) * perSecond) / 1_000;
    for (; sent <= due && sent < total; sent += 1) sendNext(typists[sent % typists.length]);
    await sleep(Math.max(1, beganMs + (sent * 1_000) / perSecond - performance.now()));
  }
}

function sendNext(typist: Typist | undefined): void {
  if (typist === undefined) return;
  const { connection, frames, sentMs } = typist;
  const frame = frames[sentMs.length];
  if (frame === undefined) return;
  sentMs.push(performance.now());
  connection.send(frame);
}
