// What is heard around the punch point: the voices that lead to it, and the tail recorded over.
import { endOf, startFor } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { Over } from './recorder-props.ts';

/** From Record to the punch point, over a parent: so much of the story leads to it, if there is. */
const PRE_ROLL_SAMPLES = 4 * SAMPLE_RATE;

/** A stretch of an ancestor's stem; `atSamples` counts from the start of the pre-roll. */
export interface LeadClip {
  readonly takeId: TakeId;
  readonly fromSamples: number;
  readonly durationSamples: number;
  readonly atSamples: number;
  /** What is heard of it; left out, the story's stem. */
  readonly file?: Blob | undefined;
}

export interface LeadPlan {
  /** Where the new take starts on the path's timeline. */
  readonly punchSamples: number;
  /** From pressing Record to the punch point. */
  readonly preRollSamples: number;
  /** How long the parent's tail is: what the new take must outlast. 0 for a seed. */
  readonly tailSamples: number;
  readonly clips: readonly LeadClip[];
}

/** Plans what to play for a new voice; a seed has nothing to hear and starts at once. */
export function planLead(over: Over | null): LeadPlan {
  if (over === null) return { punchSamples: 0, preRollSamples: 0, tailSamples: 0, clips: [] };
  const punchSamples = startFor('voice', { parent: over.take, grandparent: over.parent });
  const preRollSamples = PRE_ROLL_SAMPLES;
  const from = Math.max(0, punchSamples - preRollSamples);
  const ancestors = [over.grandparent, over.parent, over.take].filter((take) => take !== null);
  const clips = ancestors
    .filter((take) => take.kind === 'voice' && endOf(take) > from)
    .map((take): LeadClip => {
      const start = Math.max(take.startSamples, from);
      return {
        takeId: take.id,
        fromSamples: start - take.startSamples,
        durationSamples: endOf(take) - start,
        atSamples: preRollSamples + start - punchSamples,
        ...(take.file !== undefined && { file: take.file }),
      };
    });
  return { punchSamples, preRollSamples, tailSamples: endOf(over.take) - punchSamples, clips };
}

/** The decoded stems of the ancestors, in the context that records. */
export type Stems = ReadonlyMap<TakeId, AudioBuffer>;

/**
 * Loads the stems that a plan sounds. One that only leads to the punch point may be missing: what is
 * recorded over is there without it.
 * @throws {Error} what is recorded over could not be loaded or decoded
 */
export async function loadStems(
  context: BaseAudioContext,
  { clips, preRollSamples }: LeadPlan,
  signal: AbortSignal,
): Promise<Stems> {
  const load = async (clip: LeadClip): Promise<[TakeId, AudioBuffer] | null> => {
    try {
      return [clip.takeId, await context.decodeAudioData(await bytesOf(clip, signal))];
    } catch (error) {
      const onlyLeads = clip.atSamples + clip.durationSamples <= preRollSamples;
      if (signal.aborted || !onlyLeads) throw error;
      console.warn(error);
      return null;
    }
  };
  const loaded = await Promise.all(clips.map(load));
  return new Map(loaded.filter((stem) => stem !== null));
}

async function bytesOf({ takeId, file }: LeadClip, signal: AbortSignal): Promise<ArrayBuffer> {
  if (file !== undefined) return file.arrayBuffer();
  const response = await fetch(`/api/takes/${takeId}/stem`, { signal });
  if (!response.ok) throw new Error(`the stem of ${takeId} answered ${response.status}`);
  return response.arrayBuffer();
}

/** Whether all that a plan sounds is there. */
export function isComplete({ clips }: LeadPlan, stems: Stems): boolean {
  return clips.every(({ takeId }) => stems.has(takeId));
}

/**
 * Schedules the clips so that the pre-roll starts at `startFrame` of the context.
 * @param fromSamples of the plan, what to leave out at its beginning: 0 plays the pre-roll too
 * @param output where they sound; left out, the context's destination
 * @returns a function that silences them
 */
export function playLead(
  context: AudioContext,
  {
    plan,
    stems,
    startFrame,
    fromSamples = 0,
    output = context.destination,
  }: {
    readonly plan: LeadPlan;
    readonly stems: Stems;
    readonly startFrame: number;
    readonly fromSamples?: number;
    readonly output?: AudioNode;
  },
): () => void {
  const sources = plan.clips.flatMap((clip) => {
    const buffer = stems.get(clip.takeId);
    const skip = Math.max(0, fromSamples - clip.atSamples);
    if (buffer === undefined || skip >= clip.durationSamples) return [];
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(output);
    source.start(
      startFrame / context.sampleRate + (clip.atSamples + skip - fromSamples) / SAMPLE_RATE,
      (clip.fromSamples + skip) / SAMPLE_RATE,
      (clip.durationSamples - skip) / SAMPLE_RATE,
    );
    return [source];
  });
  return () => {
    for (const source of sources) source.stop();
  };
}
