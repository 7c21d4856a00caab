// Reading what is stored of a take's sound.
import { eq } from 'drizzle-orm';
import type { TakeId } from '#domain/story/ids.ts';
import { stems } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';

/** Where a take's lossless stem lies; null while it has none. @throws {Problem} `unavailable` */
export async function readStem(
  db: Queryable,
  takeId: TakeId,
): Promise<{ readonly objectKey: string; readonly sha256: string } | null> {
  const [stem] = await whileReachable(() =>
    db
      .select({ objectKey: stems.objectKey, sha256: stems.sha256 })
      .from(stems)
      .where(eq(stems.takeId, takeId)),
  );
  return stem ?? null;
}

/** A take's waveform, signed 8-bit min/max pairs, 100 a second; null while it has none. */
export async function readPeaks(db: Queryable, takeId: TakeId): Promise<Uint8Array | null> {
  const [stem] = await whileReachable(() =>
    db.select({ peaks: stems.peaks }).from(stems).where(eq(stems.takeId, takeId)),
  );
  return stem?.peaks ?? null;
}
