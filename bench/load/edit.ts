// One edit after the other, each when the one before it was acknowledged.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { addressSchema, RawClient } from './client.ts';
import { heldIn } from './held.ts';
import { publishing, typing } from './edits.ts';

/** An acknowledgement that takes longer does not come, milliseconds. */
const PATIENCE_MS = 30_000;

export const editSchema = v.object({
  address: addressSchema,
  /** Characters of words, or takes written into the tree by the client. */
  kind: v.picklist(['words', 'take']),
  edits: v.number(),
  /** Before the next one, milliseconds. */
  pauseMs: v.optional(v.number(), 0),
});

/** Edit sent → acknowledged, each, milliseconds. */
export const editedSchema = v.array(v.number());

export async function edit(given: unknown): Promise<number[]> {
  const { address, kind, edits, pauseMs } = v.parse(editSchema, given);
  const present = heldIn(address.document);
  const client = present ?? (await RawClient.join(address));
  try {
    const make = kind === 'words' ? typing : publishing;
    const tookMs: number[] = [];
    for (const frame of make(address.document, edits).frames) {
      const saved = acknowledgement(client);
      const sentMs = performance.now();
      client.send(frame);
      await saved;
      tookMs.push(performance.now() - sentMs);
      if (pauseMs > 0) await sleep(pauseMs);
    }
    return tookMs;
  } finally {
    if (present === undefined) client.leave();
  }
}

async function acknowledgement(client: RawClient): Promise<void> {
  const saved = Promise.withResolvers<void>();
  client.onSaved = saved.resolve;
  client.onLost = saved.reject;
  const late = () => saved.reject(new Error('an edit was not acknowledged'));
  const timer = setTimeout(late, PATIENCE_MS);
  try {
    await saved.promise;
  } finally {
    clearTimeout(timer);
  }
}
