// Publishing a take: a voice to speak with, the file if there is one, then one command.
import * as v from 'valibot';
import {
  publishedSchema,
  type BranchCommand,
  type PlantCommand,
  type Published,
} from '#domain/protocol/commands.ts';
import type { StoryId, UploadId, UserId } from '#domain/story/ids.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import { callApi } from './api.ts';
import { retrying } from './retry.ts';
import { uploadFile, type UploadOptions } from './upload-file.ts';

/** Where a take goes: a story of its own, or over a take of a story. */
export type Place =
  | { readonly kind: 'plant'; readonly title: string }
  | {
      readonly kind: 'branch';
      readonly storyId: StoryId;
      readonly parentId: BranchCommand['parentId'];
    };

/** What is published. `words` of a voice take are the beginning of its transcript. */
export type Content =
  | {
      readonly kind: 'voice';
      readonly file: Blob;
      readonly words?: string;
      /** What the recorder knows against its timing. */
      readonly timing?: TakeTiming | undefined;
    }
  | { readonly kind: 'text'; readonly words: string };

export interface Draft {
  /** Minted once per take; sending the same draft again publishes nothing twice. */
  readonly takeId: PlantCommand['takeId'];
  /** Who publishes it; left out for whoever has no session yet, and gets one. */
  readonly as?: UserId | undefined;
  /** The name to speak under; left out to keep the one of the session. */
  readonly name?: string | undefined;
  readonly place: Place;
  readonly content: Content;
}

/**
 * Publishes a draft. Calling it again with the same draft (and `resume`) after a failure is safe
 * at every point.
 * @throws {Refused} the server will not take it; its words say why
 * @throws {Unreachable} the network stayed away; the draft is unchanged
 */
export async function publishDraft(draft: Draft, options: UploadOptions = {}): Promise<Published> {
  const name = draft.name === undefined ? {} : { name: draft.name };
  const again = { signal: options.signal, ...(options.sleep && { sleep: options.sleep }) };
  if (draft.as === undefined) {
    const guest = { name: draft.name };
    await retrying(
      () => callApi('POST', '/api/session', { body: guest, answer: v.unknown() }, options),
      again,
    );
  }
  const body = await bodyOf(draft.content, options);
  const as = draft.as === undefined ? {} : { as: draft.as };
  const common = { takeId: draft.takeId, ...as, ...name, body };
  const { place } = draft;
  const [path, command] =
    place.kind === 'plant'
      ? ['/api/stories', { ...common, title: place.title }]
      : [`/api/stories/${place.storyId}/takes`, { ...common, parentId: place.parentId }];
  return retrying(
    () => callApi('POST', path, { body: command, answer: publishedSchema }, options),
    again,
  );
}

async function bodyOf(
  content: Content,
  options: UploadOptions,
): Promise<
  | { kind: 'text'; words: string }
  | { kind: 'voice'; uploadId: UploadId; words?: string; timing?: TakeTiming }
> {
  if (content.kind === 'text') return content;
  const uploadId = await uploadFile(content.file, options);
  const words = content.words?.trim() ?? '';
  const { timing } = content;
  return { kind: 'voice', uploadId, ...(words !== '' && { words }), ...(timing && { timing }) };
}
