// PUT of one part, with progress. `fetch` tells no upload progress, so this is XMLHttpRequest.
import { Unreachable } from './api.ts';

/** The link was refused: it has expired, or the part is known already. Ask for a new ticket. */
export class LinkRefused extends Error {
  override readonly name = 'LinkRefused';
}

export interface SendOptions {
  readonly signal?: AbortSignal | undefined;
  /** Bytes of this part that have left. */
  readonly onsent: (bytes: number) => void;
}

/**
 * Sends a part to its link.
 * @throws {Unreachable} the network or the store failed
 * @throws {LinkRefused} the store answered 4xx
 */
export type SendPart = (url: string, part: Blob, options: SendOptions) => Promise<void>;

/** Longest time without any progress before a part counts as stuck. */
const STALL_MS = 30_000;

export const sendPart: SendPart = (url, part, { signal, onsent }) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let stalled = setTimeout(() => request.abort(), STALL_MS);
    const alive = (): void => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALL_MS);
    };
    const abort = (): void => request.abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.upload.addEventListener('progress', (event) => {
      alive();
      onsent(Math.min(event.loaded, part.size));
    });
    request.addEventListener('loadend', () => {
      clearTimeout(stalled);
      signal?.removeEventListener('abort', abort);
      if (signal?.aborted === true) reject(signal.reason);
      else if (request.status >= 200 && request.status < 300) resolve();
      else if (request.status >= 400 && request.status < 500)
        reject(new LinkRefused(`the store answered ${request.status}`));
      else reject(new Unreachable(`the store answered ${request.status}`));
    });
    request.open('PUT', url);
    request.send(part);
  });
