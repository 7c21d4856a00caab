// Uploads that nobody published: their rows go, so that their objects are nobody's.
import { and, inArray, lt, notExists, sql } from 'drizzle-orm';
import { takes, uploads } from '#drizzle/schema.ts';
import type { Database } from '../postgres/database.ts';
import type { ObjectStore } from '../storage/objects.ts';

/** The most that are given up at once; there is a next time. */
const MOST = 10_000;

/**
 * Gives up the uploads that were announced before a moment and are part of no take. The originals of
 * takes are kept, also of those that failed. Whoever publishes one at this moment is let by.
 * @returns how many there were
 */
export async function giveUpUploads(
  { db, objects }: { db: Database; objects: ObjectStore },
  before: Date,
): Promise<number> {
  const gone = await db.transaction(async (tx) => {
    const unpublished = notExists(
      tx
        .select({ one: sql`1` })
        .from(takes)
        .where(sql`${takes.uploadId} = ${uploads.id}`),
    );
    const found = await tx
      .select({ id: uploads.id })
      .from(uploads)
      .where(and(lt(uploads.createdAt, before), unpublished))
      .limit(MOST)
      .for('update', { skipLocked: true });
    if (found.length === 0) return [];
    // Asked again, in a statement that sees what was published until the rows were locked.
    return await tx
      .delete(uploads)
      .where(
        and(
          inArray(
            uploads.id,
            found.map(({ id }) => id),
          ),
          unpublished,
        ),
      )
      .returning();
  });
  for (const { state, objectKey, storeUploadId } of gone) {
    if (state === 'open') await objects.abortUpload(objectKey, storeUploadId);
  }
  return gone.length;
}
