// What each test of the conformance suite is given, and how it sends parts.
import { expect } from 'vitest';
import type { ObjectStore } from '../objects.ts';

/** Returns the store of the running test, and a key that no other test uses. */
export type Given = () => { store: ObjectStore; key: string };

export interface Traits {
  /** The store checks the signature and the expiry of links. */
  readonly checksLinks: boolean;
  /** A suffix range longer than the object answers with all of it, as RFC 9110 has it. */
  readonly answersLongSuffix: boolean;
  /** The least size of a part that is not the last, bytes. */
  readonly leastPartBytes: number;
}

export const type = { contentType: 'audio/x-test' };
export const soon = { expiresInSeconds: 60 };

export async function sendPart(
  upload: { store: ObjectStore; key: string; id: string },
  number: number,
  bytes: Uint8Array,
): Promise<void> {
  const url = await upload.store.signedPart(upload.key, upload.id, number, soon);
  expect(await putPart(url, bytes)).toBe(200);
}

/** PUTs as a browser does: a body of known length, no headers of its own. */
export function putPart(url: string, bytes: Uint8Array): Promise<number> {
  return status(fetch(url, { method: 'PUT', body: new Blob([new Uint8Array(bytes)]) }));
}

/** The status of an answer, whose body is let go. */
export async function status(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}
