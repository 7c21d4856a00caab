// Clients who come in at once and have the whole document when the last byte of it has arrived.
import * as v from 'valibot';
import { STEP, syncFrame } from '../../collab-server/frames.ts';
import { addressSchema, joinMany, RawClient, type Address } from './client.ts';

export const openSchema = v.object({ address: addressSchema, clients: v.number() });
export const openedSchema = v.object({ firstMs: v.number(), lastMs: v.number() });

export async function open(given: unknown): Promise<v.InferOutput<typeof openedSchema>> {
  const { address, clients } = v.parse(openSchema, given);
  const joined: RawClient[] = [];
  const doneMs: number[] = [];
  const beganMs = performance.now();
  const joinOne = async () => {
    joined.push(await RawClient.join(address));
    doneMs.push(performance.now() - beganMs);
  };
  try {
    await Promise.all(Array.from({ length: clients }, joinOne));
    return { firstMs: Math.min(...doneMs), lastMs: Math.max(...doneMs) };
  } finally {
    for (const client of joined) client.leave();
  }
}

/** Clients that stay in a document until they are all told to go. */
const held: RawClient[] = [];

export async function hold(given: unknown): Promise<null> {
  const { address, clients } = v.parse(openSchema, given);
  held.push(...(await joinMany(address, clients)));
  return null;
}

export function release(): null {
  for (const client of held.splice(0)) client.leave();
  return null;
}

export const fillSchema = v.object({ address: addressSchema, state: v.instance(Uint8Array) });

/** Fills a document of a server that has no store, and stays in it until `release`. */
export async function fill(given: unknown): Promise<null> {
  const { address, state } = v.parse(fillSchema, given);
  const client = await RawClient.join(address);
  held.push(client);
  client.send(syncFrame(address.document, STEP.update, state));
  await filled(address, state.byteLength);
  return null;
}

/** Resolves once somebody who comes in is given the document and not an empty one. */
async function filled(address: Address, bytes: number): Promise<void> {
  for (;;) {
    const client = await RawClient.join(address);
    client.leave();
    if (client.heardBytes > bytes / 2) return;
  }
}
