// Publishing a spoken take that this device keeps: goes on wherever an earlier attempt stopped.
import type { Published } from '#domain/protocol/commands.ts';
import { sha256Hex } from '../upload/digest.ts';
import { publishDraft } from '../upload/publish.ts';
import type { Step } from '../upload/sending-step.ts';
import type { UploadOptions } from '../upload/upload-file.ts';
import { UnreadableTake } from './take-file.ts';
import type { KeptTake, Sending } from './kept-take.ts';
import type { TakeShelf } from './take-shelf.ts';

export type SendOptions = Pick<UploadOptions, 'fetch' | 'send' | 'signal' | 'sleep'>;

/**
 * Sends a queued take; safe to repeat at every point, from another tab or after a crash.
 * @throws {Refused} the server will not take it; its words say why
 * @throws {Unreachable} the network stayed away
 * @throws {UnreadableTake} what lies on the device is not what was to be sent
 */
export async function sendKept(
  shelf: TakeShelf,
  take: KeptTake,
  onstep: (step: Step) => void,
  options: SendOptions = {},
): Promise<Published> {
  const { sending, origin } = take;
  if (sending === null) throw new UnreadableTake('nothing of it was to be sent');
  const file = await fileOf(shelf, take, sending);
  const { name, words, timing } = take;
  const draft = {
    takeId: origin.takeId,
    as: origin.userId ?? undefined,
    ...(name.trim() !== '' && { name: name.trim() }),
    place: sending.place,
    content: { kind: 'voice', file, words, timing } as const,
  };
  return publishDraft(draft, {
    ...options,
    sha256: sending.sha256,
    ...(sending.uploadId !== null && { resume: sending.uploadId }),
    onopened: async (uploadId) => {
      await shelf.change(origin.takeId, (now) =>
        now.sending === null ? now : { ...now, sending: { ...now.sending, uploadId } },
      );
    },
    onprogress: (now) => {
      const isThere = now.share === 1 && now.waitMs === null && now.arrived === now.parts;
      onstep(isThere ? { at: 'publishing' } : { at: 'uploading', ...now });
    },
  });
}

/** The very file that was to be sent: what has changed on the device since is not published. */
async function fileOf(
  shelf: TakeShelf,
  { origin }: KeptTake,
  { part, bytes, sha256, contentType }: Sending,
): Promise<Blob> {
  const kept = await shelf.read(origin.takeId, part);
  if (kept?.size !== bytes || (await sha256Hex(kept)) !== sha256)
    throw new UnreadableTake('what is kept of it has changed');
  return kept.slice(0, bytes, contentType);
}
