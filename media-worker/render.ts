// The job take.render: a ready take's region becomes one pack per codec.
import { createHash } from 'node:crypto';
import {
  isPlayed,
  packsOfPlan,
  pathFrom,
  saveMix,
  takeToRender,
  type StoredSource,
} from '#backend/media/mixes.ts';
import { onePerPlan } from '#backend/media/plan-lock.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { segmentAt, segmentStart } from '#domain/timeline/grid.ts';
import { mixKeyText } from '#domain/timeline/mix-key.ts';
import { planRegion, type Clip, type MixPlan } from '#domain/timeline/mix-plan.ts';
import type { Codec, Pack } from '#domain/timeline/path-packs.ts';
import type { RunOptions } from './ffmpeg/run.ts';
import { fetchStems, stemFile } from './fetch-stems.ts';
import type { PackBody } from './fmp4.ts';
import { withJobFolder } from './job-folder.ts';
import { progressReporter } from './progress.ts';
import { LEAD_SEGMENTS, renderRegion } from './region.ts';
import type { Worker } from './worker.ts';

/**
 * Renders a take: with every voice, and if one that sounds in it is hidden, also without those.
 * Run again, at once or later, there is still one mix of each kind; a take that is not ready or is
 * rendered already is left alone. Rejects with whatever may be over at the next attempt.
 */
export async function renderTake(
  worker: Worker,
  takeId: TakeId,
  signal: AbortSignal,
): Promise<void> {
  const take = await takeToRender(worker.db, takeId);
  if (take === null) return;
  const { storyId, startSamples } = take;
  const from = segmentStart(segmentAt(startSamples) - LEAD_SEGMENTS);
  const path = await pathFrom(worker.db, takeId, from);
  const onProgress = progressReporter(worker, { storyId, takeId, stage: 'render' });
  for (const plan of plansOf(path)) {
    const planSha256 = createHash('sha256').update(mixKeyText(plan)).digest('hex');
    if (await isPlayed(worker.db, { takeId, planSha256 })) continue;
    const packs = await onePerPlan(worker.databaseUrl, { planSha256, signal }, async () => {
      const rendered = await packsOfPlan(worker.db, planSha256);
      if (rendered !== null) return rendered;
      return await withJobFolder(async (folder) => {
        const bodies = await renderPlan(worker, { plan, path }, { folder, signal, onProgress });
        return await storePacks(worker.objects, planSha256, bodies);
      });
    });
    await saveMix(worker, {
      takeId,
      storyId,
      planSha256,
      firstSegment: plan.firstSegment + LEAD_SEGMENTS,
      sounds: plan.clips.map((clip) => clip.takeId),
      packs,
    });
  }
}

/** What to render of a path's last take; what everybody may hear comes first. */
function plansOf(path: readonly StoredSource[]): MixPlan[] {
  const whole = planRegion(path, LEAD_SEGMENTS);
  const hidden = new Set(path.filter((source) => source.hidden).map(({ id }) => id));
  if (!whole.clips.some(({ takeId }) => hidden.has(takeId))) return [whole];
  const open = path.map((source) => (source.hidden ? { ...source, stem: null } : source));
  return [planRegion(open, LEAD_SEGMENTS), whole];
}

/** Fetches the stems that a plan needs, each once, and renders it. */
export async function renderPlan(
  { objects, tool }: Pick<Worker, 'objects' | 'tool'>,
  { plan, path }: { plan: MixPlan; path: readonly StoredSource[] },
  options: RunOptions & { readonly signal: AbortSignal },
): Promise<Record<Codec, PackBody>> {
  const needed = new Set(plan.clips.map((clip) => clip.stemSha256));
  const stems = path.flatMap(({ objectKey, stem }) =>
    objectKey === null || stem === null || !needed.has(stem.sha256)
      ? []
      : [{ objectKey, sha256: stem.sha256 }],
  );
  await fetchStems(objects, stems, options);
  return await renderRegion(tool, { plan, fileOf: stemOf }, options);
}

/** The file of a clip's stem in the job's folder. */
function stemOf({ stemSha256 }: Clip): string {
  return stemFile(stemSha256);
}

async function storePacks(
  objects: ObjectStore,
  planSha256: string,
  bodies: Record<Codec, PackBody>,
): Promise<Record<Codec, Pack>> {
  const store = async (codec: Codec): Promise<Pack> => {
    const { bytes, initBytes, segments } = bodies[codec];
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    // Named by plan and content: another ffmpeg's bytes for the same plan never collide.
    const objectKey = `packs/${planSha256}/${sha256}.${codec}.mp4`;
    await objects.put(objectKey, bytes, { contentType: 'audio/mp4' });
    return { objectKey, sha256, bytes: bytes.length, initBytes, segments };
  };
  const [aac, opus] = await Promise.all([store('aac'), store('opus')]);
  return { aac, opus };
}
