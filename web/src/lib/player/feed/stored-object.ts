// An object of the store, or a range of it, by a link that expires.
import { Unreachable } from '../../upload/api.ts';

/** The link to an object works no longer, or never did: ask for the playlist again. */
export class LinkExpired extends Error {
  override readonly name = 'LinkExpired';
}

/** An object was not there under any of the links that were asked for. */
export class SoundMissing extends Error {
  override readonly name = 'SoundMissing';
}

export interface StoredObject {
  readonly body: ArrayBuffer;
  /** False where a range was asked for and the store knows none: the body is the whole object. */
  readonly isPart: boolean;
}

export interface FetchStored {
  readonly fetch: typeof globalThis.fetch;
  /** An answer that has not come by then will not come, milliseconds. */
  readonly answerMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * @throws {Unreachable} it may be had later
 * @throws {LinkExpired} it may be had under another link
 */
export async function fetchStored(
  url: string,
  { fetch, answerMs, headers = {}, signal }: FetchStored,
): Promise<StoredObject> {
  const late = AbortSignal.timeout(answerMs);
  const either = signal === undefined ? late : AbortSignal.any([signal, late]);
  try {
    const response = await fetch(url, { headers, signal: either });
    if (response.status === 403 || response.status === 404)
      throw new LinkExpired(`an object answered ${response.status}`);
    if (!response.ok) throw new Error(`an object answered ${response.status}`);
    return { body: await response.arrayBuffer(), isPart: response.status === 206 };
  } catch (error) {
    if (error instanceof LinkExpired) throw error;
    signal?.throwIfAborted();
    throw new Unreachable('an object did not come', { cause: error });
  }
}
