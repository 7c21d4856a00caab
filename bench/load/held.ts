// Clients that stay in their documents between two questions.
import * as v from 'valibot';
import { STEP, syncFrame } from '../../collab-server/frames.ts';
import { addressSchema, joinMany, RawClient, type Address } from './client.ts';

interface Held {
  readonly client: RawClient;
  readonly document: string;
  /** Updates that it was sent and nobody has asked about. */
  heard: number;
}

const held: Held[] = [];

/** The first client that was let into a document to stay there. */
export function heldIn(document: string): RawClient | undefined {
  return held.find((each) => each.document === document)?.client;
}

export const holdSchema = v.object({ address: addressSchema, clients: v.number() });

export async function hold(given: unknown): Promise<null> {
  const { address, clients } = v.parse(holdSchema, given);
  for (const client of await joinMany(address, clients)) keep(client, address);
  return null;
}

/** Everybody leaves. */
export function release(): null {
  for (const { client } of held.splice(0)) client.leave();
  return null;
}

/** Resolves once the first client in a document was sent an update that was not told yet. */
export async function news(given: unknown): Promise<null> {
  const { document } = v.parse(v.object({ document: v.string() }), given);
  const one = held.find((each) => each.document === document);
  if (one === undefined) throw new Error(`nobody is in ${document}`);
  const told = Promise.withResolvers<void>();
  one.client.onLost = told.reject;
  one.client.onUpdate = () => {
    one.heard += 1;
    told.resolve();
  };
  if (one.heard > 0) told.resolve();
  await told.promise;
  one.heard -= 1;
  return null;
}

export const fillSchema = v.object({ address: addressSchema, state: v.instance(Uint8Array) });

/** Fills a document of a server that has no store, and stays in it. */
export async function fill(given: unknown): Promise<null> {
  const { address, state } = v.parse(fillSchema, given);
  const client = await RawClient.join(address);
  keep(client, address);
  client.send(syncFrame(address.document, STEP.update, state));
  // Until whoever comes in is given it.
  for (let heardBytes = 0; heardBytes < state.byteLength / 2;) {
    const other = await RawClient.join(address);
    other.leave();
    heardBytes = other.heardBytes;
  }
  return null;
}

/** Has a client stay until `release`. */
export function keep(client: RawClient, { document }: Address): void {
  const one: Held = { client, document, heard: 0 };
  client.onUpdate = () => (one.heard += 1);
  held.push(one);
}
