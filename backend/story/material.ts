// What a new take is made of, checked before it is placed: the person's own complete upload, or
// words.
import { eq } from 'drizzle-orm';
import { MAX_TAKE_SECONDS, type TakeBody } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { UploadId, UserId } from '#domain/story/ids.ts';
import type { TakeKind, TakeTiming } from '#domain/story/take.ts';
import { readingTime } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { takes, uploads } from '#drizzle/schema.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { readWavSamples } from '../uploads/wav.ts';

export interface Material {
  readonly kind: TakeKind;
  readonly uploadId: UploadId | null;
  /** Null if only decoding can tell. */
  readonly durationSamples: number | null;
  readonly words: string;
  /** What is known against its timing; null if nothing is. */
  readonly timing: TakeTiming | null;
}

/**
 * Looks at what a take is to be made of. Reads the store, so it runs before the transaction: a
 * complete upload never changes.
 * @throws {Problem} `upload_unknown`, `upload_incomplete`, `too_large`
 */
export async function materialOf(
  deps: { db: Database; objects: ObjectStore },
  author: UserId,
  body: TakeBody,
): Promise<Material> {
  const { kind, words } = body;
  if (kind === 'text') {
    return { kind, uploadId: null, durationSamples: readingTime(words), words, timing: null };
  }
  const [upload] = await deps.db.select().from(uploads).where(eq(uploads.id, body.uploadId));
  if (upload === undefined || upload.userId !== author) throw uploadUnknown();
  if (upload.state !== 'complete') throw uploadIncomplete();
  const durationSamples = await exactLength(deps.objects, upload.objectKey);
  if (durationSamples !== null && durationSamples > MAX_TAKE_SECONDS * SAMPLE_RATE) {
    throw new Problem(
      'too_large',
      `A take may be ${MAX_TAKE_SECONDS / 60} minutes long at most. Trim it, then publish again.`,
    );
  }
  const { timing = {} } = body;
  const hasTiming = Object.values(timing).some((value) => value !== undefined);
  return { kind, uploadId: upload.id, durationSamples, words, timing: hasTiming ? timing : null };
}

/**
 * Takes an upload for one take: of two takes that ask for it, the second is refused.
 * @throws {Problem} `conflict`
 */
export async function claimUpload(tx: Transaction, uploadId: UploadId | null): Promise<void> {
  if (uploadId === null) return;
  await tx.select({ id: uploads.id }).from(uploads).where(eq(uploads.id, uploadId)).for('update');
  const [other] = await tx.select({ id: takes.id }).from(takes).where(eq(takes.uploadId, uploadId));
  if (other !== undefined) throw uploadTaken();
}

export function uploadTaken(cause?: unknown): Problem {
  return new Problem('conflict', 'This recording is already part of a story.', { cause });
}

async function exactLength(objects: ObjectStore, objectKey: string): Promise<number | null> {
  const [object, samples] = await reachableStore(() =>
    Promise.all([objects.head(objectKey), readWavSamples(objects, objectKey)]),
  );
  if (object === null) throw uploadIncomplete();
  return samples;
}

async function reachableStore<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Problem(
      'unavailable',
      'We cannot reach our store right now. Your recording is safe there; try again soon.',
      { cause: error },
    );
  }
}

export function uploadUnknown(cause?: unknown): Problem {
  return new Problem('upload_unknown', 'We do not have this recording. Upload it again.', {
    cause,
  });
}

function uploadIncomplete(): Problem {
  return new Problem(
    'upload_incomplete',
    'The recording has not arrived whole yet. It is safe on your device; let it finish first.',
  );
}
