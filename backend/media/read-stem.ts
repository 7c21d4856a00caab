// Reading what is stored of a take's sound.
import { eq } from 'drizzle-orm';
import type { PeakRate } from '#domain/media/peaks.ts';
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

/** Where the peaks of each resolution lie. */
export const peaksColumns = { 100: stems.peaks, 10: stems.peaks10, 1: stems.peaks1 } as const;

/** A take's waveform at a resolution; null while it has none. @throws {Problem} `unavailable` */
export async function readPeaks(
  db: Queryable,
  takeId: TakeId,
  rate: PeakRate,
): Promise<Uint8Array | null> {
  const [stem] = await whileReachable(() =>
    db.select({ peaks: peaksColumns[rate] }).from(stems).where(eq(stems.takeId, takeId)),
  );
  return stem?.peaks ?? null;
}
