// A file on its way to the store: announced, sent in parts, completed; resumable at any point.
import { uploadTicketSchema, type UploadTicket } from '#domain/protocol/commands.ts';
import type { UploadId } from '#domain/story/ids.ts';
import { callApi, Refused, Unreachable, type ApiOptions } from './api.ts';
import { sha256Hex } from './digest.ts';
import { PartProgress, type UploadProgress } from './part-progress.ts';
import { retrying, type RetryOptions } from './retry.ts';
import { LinkRefused, sendPart, type SendPart } from './send-part.ts';

export interface UploadOptions extends ApiOptions, Pick<RetryOptions, 'sleep' | 'random'> {
  /** An upload of the same file that was begun before; it goes on where it stopped. */
  readonly resume?: UploadId | undefined;
  /** SHA-256 of the file, lower-case hex, if it is known already. */
  readonly sha256?: string | undefined;
  /** Told as soon as the upload has an id, and waited for: keep it to resume. */
  readonly onopened?: (id: UploadId) => void | Promise<void>;
  readonly onprogress?: (progress: UploadProgress) => void;
  readonly send?: SendPart;
}

/** Tickets asked for again in one upload: after links expired or parts were lost. */
const MOST_TICKETS = 4;
/** Parts on their way at once. */
const LANES = 2;

/**
 * Uploads a blob and returns its id once the server has verified its size and hash.
 * @throws {Refused} the server will not take it
 * @throws {Unreachable} the network stayed away through every retry; call again with `resume`
 */
export async function uploadFile(blob: Blob, options: UploadOptions = {}): Promise<UploadId> {
  let ticket = await openTicket(blob, options);
  await options.onopened?.(ticket.uploadId);
  for (let asked = 1; ticket.state === 'open'; asked++) {
    try {
      await sendMissing(blob, ticket, options);
      return await complete(blob, ticket, options);
    } catch (error) {
      if (!wantsParts(error)) throw error;
      if (asked === MOST_TICKETS)
        throw new Unreachable('the store keeps refusing', { cause: error });
      ticket = await fetchTicket(ticket.uploadId, options);
    }
  }
  return complete(blob, ticket, options);
}

/** Links that expired, parts that were lost, a whole that arrived damaged: ask what is missing. */
function wantsParts(error: unknown): boolean {
  if (error instanceof LinkRefused) return true;
  const code = error instanceof Refused ? error.problem.code : null;
  return code === 'upload_incomplete' || code === 'checksum_mismatch';
}

async function openTicket(blob: Blob, options: UploadOptions): Promise<UploadTicket> {
  if (options.resume !== undefined) {
    try {
      return await fetchTicket(options.resume, options);
    } catch (error) {
      // Swept away meanwhile: begin anew.
      if (!(error instanceof Refused) || error.status !== 404) throw error;
    }
  }
  const body = {
    bytes: blob.size,
    contentType: blob.type || 'application/octet-stream',
    sha256: options.sha256 ?? (await sha256Hex(blob)),
  };
  return again(options, BEFORE, () =>
    callApi('POST', '/api/uploads', { body, answer: uploadTicketSchema }, options),
  );
}

function fetchTicket(id: UploadId, options: UploadOptions): Promise<UploadTicket> {
  return again(options, BEFORE, () =>
    callApi('GET', `/api/uploads/${id}`, { answer: uploadTicketSchema }, options),
  );
}

async function complete(
  blob: Blob,
  ticket: UploadTicket,
  options: UploadOptions,
): Promise<UploadId> {
  const whole = new PartProgress(blob.size, { ...ticket, missing: [] });
  const { uploadId } = await again(options, whole, () =>
    callApi(
      'POST',
      `/api/uploads/${ticket.uploadId}/complete`,
      { answer: uploadTicketSchema },
      options,
    ),
  );
  return uploadId;
}

async function sendMissing(
  blob: Blob,
  ticket: UploadTicket,
  options: UploadOptions,
): Promise<void> {
  const { send = sendPart, onprogress } = options;
  const progress = new PartProgress(blob.size, ticket);
  onprogress?.(progress.at());
  const waiting = [...ticket.missing];
  const lane = async (): Promise<void> => {
    for (let part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      const { number, url } = part;
      const body = blob.slice((number - 1) * ticket.partBytes, number * ticket.partBytes);
      const onsent = (bytes: number): void => {
        progress.left(number, body.size - bytes);
        onprogress?.(progress.at());
      };
      await again(options, progress, () => send(url, body, { signal: options.signal, onsent }));
      progress.arrived(number);
      onprogress?.(progress.at());
    }
  };
  const lanes = Array.from({ length: LANES }, lane);
  try {
    await Promise.all(lanes);
  } catch (error) {
    waiting.length = 0;
    await Promise.allSettled(lanes);
    throw error;
  }
}

/** Before the server has said which parts there are. */
const BEFORE = {
  at: (waitMs: number): UploadProgress => ({ share: 0, waitMs, parts: 1, arrived: 0 }),
};

function again<T>(
  options: UploadOptions,
  progress: { at(waitMs: number): UploadProgress },
  step: () => Promise<T>,
): Promise<T> {
  const { signal, sleep, random, onprogress } = options;
  return retrying(step, {
    signal,
    ...(sleep && { sleep }),
    ...(random && { random }),
    onwait: (waitMs) => onprogress?.(progress.at(waitMs)),
  });
}
