// A person's files on their way in: announced, sent in parts straight to the object store, and
// believed only once the stored bytes have the size and the hash that were announced.
import { randomUUID } from 'node:crypto';
import { and, count, eq, gt, sql, sum } from 'drizzle-orm';
import type * as v from 'valibot';
import type { Person } from '#domain/access/policy.ts';
import {
  UPLOAD_PART_BYTES,
  type announceUploadSchema,
  type UploadTicket,
} from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { uploadId as asUploadId, type UploadId } from '#domain/story/ids.ts';
import { uploads } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { digestOf } from '../storage/digest.ts';
import { ObjectMissing, UploadGone, type ObjectStore } from '../storage/objects.ts';

export interface UploadDeps {
  readonly db: Database;
  readonly objects: ObjectStore;
}

export type Announcement = v.InferOutput<typeof announceUploadSchema>;
type Upload = typeof uploads.$inferSelect;

/** Uploads that one person may have open at once. */
export const MAX_OPEN_UPLOADS = 8;
/** Bytes that one person may announce in an hour. */
export const MAX_BYTES_PER_HOUR = 1024 * 1024 * 1024;
/** How long the links of a ticket work. */
const LINK_SECONDS = 60 * 60;
/** An upload that was not finished in this time no longer counts as open. */
const OPEN_HOURS = 24;

/**
 * Opens an upload. Announcing the same file again while it is open gives the same upload, so a
 * lost answer costs nothing.
 * @throws {Problem} `too_many_requests`
 */
export async function announceUpload(
  deps: UploadDeps,
  person: Person,
  input: Announcement,
): Promise<UploadTicket> {
  const known = await findOpen(deps.db, person, input);
  if (known !== undefined) return ticketOf(deps, person, known);
  await checkQuota(deps.db, person, input.bytes);
  const id = asUploadId(randomUUID());
  const opened = await openInStore(deps.objects, id, input.contentType);
  try {
    const upload = await deps.db.transaction(async (tx) => {
      // One announcement of a person at a time, so that many at once cannot pass the quota.
      await tx.execute(
        sql`select pg_advisory_xact_lock(hashtextextended(${`upload:${person.id}`}, 0))`,
      );
      await checkQuota(tx, person, input.bytes);
      const [row] = await tx
        .insert(uploads)
        .values({ id, userId: person.id, ...input, ...opened })
        .returning();
      if (row === undefined) throw new Error('announceUpload: nothing was inserted');
      return row;
    });
    return await ticketOf(deps, person, upload);
  } catch (error) {
    await deps.objects.abortUpload(opened.objectKey, opened.storeUploadId);
    throw error;
  }
}

/**
 * Where an upload stands, with fresh links for the parts that have not arrived: how to resume.
 * @throws {Problem} `upload_unknown`: no such upload of this person
 */
export async function uploadTicket(
  deps: UploadDeps,
  person: Person,
  uploadId: UploadId,
): Promise<UploadTicket> {
  return ticketOf(deps, person, await findOwn(deps.db, person, uploadId));
}

/**
 * Finishes an upload: joins its parts, and reads the stored object back for its size and hash.
 * Safe to repeat, also at the same time.
 * @throws {Problem} `upload_unknown`; `upload_incomplete`: parts are missing; `checksum_mismatch`: what
 * arrived is not what was announced, so it was discarded and every part is wanted again
 */
export async function completeUpload(
  deps: UploadDeps,
  person: Person,
  uploadId: UploadId,
): Promise<UploadTicket> {
  const upload = await findOwn(deps.db, person, uploadId);
  if (upload.state === 'complete') return ticketOf(deps, person, upload);
  const arrived = await joinParts(deps, upload);
  if (!arrived || !(await isAsAnnounced(deps.objects, upload))) {
    return discard(deps, person, upload);
  }
  const [completed] = await deps.db
    .update(uploads)
    .set({ state: 'complete' })
    .where(isSameAttempt(upload))
    .returning();
  // Somebody else has completed or discarded this attempt meanwhile: what they wrote counts.
  const now = completed ?? (await findOwn(deps.db, person, uploadId));
  if (now.state !== 'complete') throw incomplete();
  return ticketOf(deps, person, now);
}

/** Joins what arrived, if it can be the file. @returns false if the sizes say that it is not */
async function joinParts({ objects }: UploadDeps, upload: Upload): Promise<boolean> {
  const { objectKey, storeUploadId } = upload;
  if ((await objects.head(objectKey)) !== null) return true; // joined before, then interrupted
  try {
    const parts = await objects.listParts(objectKey, storeUploadId);
    const sizes = new Map(parts.map(({ number, bytes }) => [number, bytes]));
    const expected = partsOf(upload);
    if (expected.some(({ number }) => !sizes.has(number))) throw incomplete();
    if (sizes.size > expected.length) return false;
    if (expected.some(({ number, bytes }) => sizes.get(number) !== bytes)) return false;
    await objects.completeUpload(objectKey, storeUploadId);
    return true;
  } catch (error) {
    // Ended by somebody else between our two looks: the object, or a new attempt, tells the rest.
    if (!(error instanceof UploadGone)) throw error;
    if ((await objects.head(objectKey)) !== null) return true;
    throw incomplete();
  }
}

async function isAsAnnounced(objects: ObjectStore, upload: Upload): Promise<boolean> {
  try {
    const stored = await digestOf((await objects.get(upload.objectKey)).body);
    return stored.bytes === upload.bytes && stored.sha256 === upload.sha256;
  } catch (error) {
    if (error instanceof ObjectMissing) throw incomplete();
    throw error;
  }
}

/** Throws away what arrived, so that every part is wanted again. */
async function discard(deps: UploadDeps, person: Person, upload: Upload): Promise<UploadTicket> {
  const now = await startAgain(deps, person, upload);
  if (now.state === 'complete') return ticketOf(deps, person, now); // by another call, with better bytes
  throw new Problem('checksum_mismatch', 'The file arrived damaged. Send it again.');
}

/**
 * Gives an upload a new attempt under a new key, so that nothing late can touch the old one.
 * @returns the upload as it is now: another call may have been first
 */
async function startAgain(deps: UploadDeps, person: Person, upload: Upload): Promise<Upload> {
  const next = await openInStore(deps.objects, upload.id, upload.contentType);
  const [changed] = await deps.db
    .update(uploads)
    .set(next)
    .where(isSameAttempt(upload))
    .returning();
  const old = changed === undefined ? next : upload;
  await deps.objects.abortUpload(old.objectKey, old.storeUploadId);
  if (changed !== undefined) await deps.objects.delete(upload.objectKey);
  return changed ?? findOwn(deps.db, person, upload.id);
}

function isSameAttempt(upload: Upload) {
  return and(
    eq(uploads.id, upload.id),
    eq(uploads.storeUploadId, upload.storeUploadId),
    eq(uploads.state, 'open'),
  );
}

async function openInStore(
  objects: ObjectStore,
  id: UploadId,
  contentType: string,
): Promise<{ objectKey: string; storeUploadId: string }> {
  const objectKey = `uploads/${id}/${randomUUID()}`;
  return { objectKey, storeUploadId: await objects.createUpload(objectKey, { contentType }) };
}

async function ticketOf(deps: UploadDeps, person: Person, upload: Upload): Promise<UploadTicket> {
  const facts = { uploadId: upload.id, partBytes: UPLOAD_PART_BYTES };
  if (upload.state === 'complete') return { ...facts, state: upload.state, missing: [] };
  const arrived = await arrivedParts(deps.objects, upload);
  // The store gave the attempt up: it keeps unfinished uploads for some days only.
  const now = arrived === null ? await startAgain(deps, person, upload) : upload;
  const missing = now.state === 'complete' ? [] : await linksTo(deps, now, arrived ?? new Map());
  return { ...facts, state: now.state, missing };
}

async function linksTo(
  { objects }: UploadDeps,
  upload: Upload,
  arrived: ReadonlyMap<number, number>,
): Promise<UploadTicket['missing']> {
  const { objectKey, storeUploadId } = upload;
  const missing = partsOf(upload)
    .filter(({ number, bytes }) => arrived.get(number) !== bytes)
    .map(async ({ number }) => ({
      number,
      url: await objects.signedPart(objectKey, storeUploadId, number, {
        expiresInSeconds: LINK_SECONDS,
      }),
    }));
  return Promise.all(missing);
}

/** Sizes of the parts that arrived, by number; null if the store no longer has the attempt. */
async function arrivedParts(
  objects: ObjectStore,
  upload: Upload,
): Promise<Map<number, number> | null> {
  try {
    const parts = await objects.listParts(upload.objectKey, upload.storeUploadId);
    return new Map(parts.map(({ number, bytes }) => [number, bytes]));
  } catch (error) {
    if (!(error instanceof UploadGone)) throw error;
    if ((await objects.head(upload.objectKey)) === null) return null;
    // Joined, but not yet verified: nothing is missing, `completeUpload` goes on from here.
    return new Map(partsOf(upload).map(({ number, bytes }) => [number, bytes]));
  }
}

function partsOf({ bytes }: { bytes: number }): { number: number; bytes: number }[] {
  const parts = Math.ceil(bytes / UPLOAD_PART_BYTES);
  return Array.from({ length: parts }, (_, index) => ({
    number: index + 1,
    bytes: Math.min(UPLOAD_PART_BYTES, bytes - index * UPLOAD_PART_BYTES),
  }));
}

async function findOwn(db: Queryable, person: Person, id: UploadId): Promise<Upload> {
  const [upload] = await db
    .select()
    .from(uploads)
    .where(and(eq(uploads.id, id), eq(uploads.userId, person.id)));
  if (upload === undefined) throw new Problem('upload_unknown', 'There is no such upload.');
  return upload;
}

async function findOpen(
  db: Queryable,
  person: Person,
  { sha256, bytes }: Announcement,
): Promise<Upload | undefined> {
  const [upload] = await db
    .select()
    .from(uploads)
    .where(and(isOpen(person), eq(uploads.sha256, sha256), eq(uploads.bytes, bytes)))
    .limit(1);
  return upload;
}

async function checkQuota(db: Queryable, person: Person, bytes: number): Promise<void> {
  const [open] = await db.select({ uploads: count() }).from(uploads).where(isOpen(person));
  if ((open?.uploads ?? 0) >= MAX_OPEN_UPLOADS) {
    throw new Problem(
      'too_many_requests',
      `You have ${MAX_OPEN_UPLOADS} uploads under way. Finish one of them first.`,
    );
  }
  const lastHour = gt(uploads.createdAt, sql`now() - interval '1 hour'`);
  const [recent] = await db
    .select({ bytes: sum(uploads.bytes).mapWith(Number) })
    .from(uploads)
    .where(and(eq(uploads.userId, person.id), lastHour));
  if ((recent?.bytes ?? 0) + bytes > MAX_BYTES_PER_HOUR) {
    throw new Problem('too_many_requests', 'That is a lot for one hour. Go on in a while.');
  }
}

function isOpen(person: Person) {
  return and(
    eq(uploads.userId, person.id),
    eq(uploads.state, 'open'),
    gt(uploads.createdAt, sql`now() - make_interval(hours => ${OPEN_HOURS})`),
  );
}

function incomplete(): Problem {
  return new Problem('upload_incomplete', 'Parts of the file have not arrived. Send them first.');
}
