// Clients who come in at once and have the whole document when the last byte of it has arrived.
import * as v from 'valibot';
import { addressSchema, RawClient } from './client.ts';

const openSchema = v.object({ address: addressSchema, clients: v.number() });
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
