// One person who types at a pace, in a process without readers: an acknowledgement that woke theirs
// would make what follows it seem faster.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { machineNowMs } from '../support/clock.ts';
import { addressSchema, RawClient } from './client.ts';
import { typing } from './edits.ts';
import { keep } from './held.ts';

export const writeSchema = v.object({
  address: addressSchema,
  edits: v.number(),
  perSecond: v.number(),
  /** False where nothing is acknowledged. */
  isAcknowledged: v.boolean(),
  /** What is not acknowledged so long after the last edit will not be, milliseconds. */
  patienceMs: v.number(),
});

export const writtenSchema = v.object({
  /** When each edit was sent, `machineNowMs`. */
  sentMs: v.array(v.number()),
  /** And when it was acknowledged. */
  acknowledgedMs: v.array(v.number()),
});
export type Written = v.InferOutput<typeof writtenSchema>;

/** Resolves when all is sent and acknowledged; the writer stays until everybody is to leave. */
export async function write(given: unknown): Promise<Written> {
  const asked = v.parse(writeSchema, given);
  const { address, edits, perSecond } = asked;
  const client = await RawClient.join(address);
  keep(client, address);
  const written: Written = { sentMs: [], acknowledgedMs: [] };
  const done = Promise.withResolvers<void>();
  // Until all is sent.
  done.promise.catch(() => undefined);
  client.onLost = done.reject;
  client.onSaved = () => {
    written.acknowledgedMs.push(machineNowMs());
    if (written.acknowledgedMs.length === edits) done.resolve();
  };
  const beganMs = performance.now();
  for (const [n, frame] of typing(address.document, edits).frames.entries()) {
    await sleep(Math.max(1, beganMs + (n * 1_000) / perSecond - performance.now()));
    written.sentMs.push(machineNowMs());
    client.send(frame);
  }
  if (asked.isAcknowledged) await Promise.race([done.promise, sleep(asked.patienceMs)]);
  return written;
}
