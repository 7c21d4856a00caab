// People who are in a document and do nothing: they say every 15 s that they are still there.
import { setTimeout as sleep } from 'node:timers/promises';
import * as v from 'valibot';
import { addressSchema, joinMany, presenceFrame, type RawClient } from './client.ts';

export const bePresentSchema = v.object({
  address: addressSchema,
  clients: v.number(),
  /** How often each says that it is still there, and how long that is counted, milliseconds. */
  renewMs: v.number(),
  countMs: v.number(),
});
export const wasPresentSchema = v.object({
  /** Frames of presence that all clients together were sent. */
  deliveredPerSecond: v.number(),
});

export async function bePresent(given: unknown): Promise<v.InferOutput<typeof wasPresentSchema>> {
  const { address, clients, renewMs, countMs } = v.parse(bePresentSchema, given);
  const joined = await joinMany(address, clients);
  let delivered = 0;
  for (const client of joined) client.onPresence = () => (delivered += 1);
  const timers: NodeJS.Timeout[] = [];
  try {
    // Everybody came in at another moment of the period.
    for (const [n, client] of joined.entries()) {
      timers.push(renewing(client, address.document, n));
      await sleep(renewMs / clients);
    }
    delivered = 0;
    await sleep(countMs);
    return { deliveredPerSecond: Math.round((delivered * 1_000) / countMs) };
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const client of joined) client.leave();
  }

  function renewing(client: RawClient, document: string, n: number): NodeJS.Timeout {
    let clock = 0;
    const say = () => {
      clock += 1;
      const state = { user: { name: `Person ${n}`, hue: n % 8 } };
      client.send(presenceFrame(document, { client: 1_000 + n, clock, state }));
    };
    say();
    return setInterval(say, renewMs);
  }
}
