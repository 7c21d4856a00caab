// Renders a plan: stems at their places, summed, limited, encoded twice.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clip, MixPlan } from '#domain/timeline/mix-plan.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { ffmpegArguments, type InputFile, type OutputFile } from './ffmpeg/command.ts';
import { OutputRejected } from './ffmpeg/failures.ts';
import { filter, type Chain, type Filter, type Pad } from './ffmpeg/graph.ts';
import { runFfmpeg, type RunOptions, type Tool } from './ffmpeg/run.ts';
import {
  ENCODER_DELAY_SAMPLES,
  FRAME_SAMPLES,
  framesFor,
  writePack,
  type PackBody,
} from './fmp4.ts';
import { FrameError, readFrames } from './frames.ts';
import {
  limitFilters,
  silenceFilters,
  soundFilters,
  sumFilter,
  TAIL_SAMPLES,
} from './mix-graph.ts';

/** Segments of run-up before a region: the encoders settle there, and they are thrown away. */
export const LEAD_SEGMENTS = 1;
const LEAD_SAMPLES = LEAD_SEGMENTS * SEGMENT_SAMPLES;

const encoders: Record<Codec, { name: string; options: readonly string[] }> = {
  aac: {
    name: 'mix.aac',
    options: ['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '96k', '-f', 'adts'],
  },
  opus: {
    name: 'mix.opus',
    options: [
      '-c:a',
      'libopus',
      '-b:a',
      '64k',
      '-vbr',
      'constrained',
      '-frame_duration',
      '20',
      '-f',
      'ogg',
    ],
  },
};
const codecs: readonly Codec[] = ['aac', 'opus'];

/**
 * Renders `plan`, which was made with {@link LEAD_SEGMENTS}, into a pack per codec. The stem of
 * each clip lies in the job's folder under `fileOf(clip)`.
 * @throws {OutputRejected} ffmpeg claimed success, but the packs do not hold the region
 */
export async function renderRegion(
  tool: Tool,
  { plan, fileOf }: { plan: MixPlan; fileOf: (clip: Clip) => string },
  options: RunOptions,
): Promise<Record<Codec, PackBody>> {
  await runFfmpeg(tool, regionArguments(plan, fileOf), {
    ...options,
    expectedSeconds: plan.durationSamples / SAMPLE_RATE,
  });
  const [aac, opus] = await Promise.all(codecs.map((codec) => readPack(codec, plan, options)));
  if (aac === undefined || opus === undefined) throw new OutputRejected('a pack is missing');
  return { aac, opus };
}

async function readPack(codec: Codec, plan: MixPlan, { folder }: RunOptions): Promise<PackBody> {
  const durationSamples = plan.durationSamples - LEAD_SAMPLES;
  const wanted = framesFor(codec, durationSamples);
  const lead = LEAD_SAMPLES / FRAME_SAMPLES[codec];
  try {
    const frames = readFrames(codec, await readFile(join(folder, encoders[codec].name)));
    if (frames.length < lead + wanted) {
      throw new OutputRejected(`${frames.length} ${codec} frames, not ${lead + wanted}`);
    }
    return writePack(codec, frames.slice(lead, lead + wanted), {
      firstSegment: plan.firstSegment + LEAD_SEGMENTS,
      durationSamples,
    });
  } catch (error) {
    if (error instanceof FrameError) throw new OutputRejected(error.message, { cause: error });
    throw error;
  }
}

/** The one ffmpeg command of a region. */
export function regionArguments(plan: MixPlan, fileOf: (clip: Clip) => string): string[] {
  return ffmpegArguments({
    inputs: plan.clips.map((clip) => clipInput(clip, fileOf(clip))),
    graph: [...mixChains(plan), ...codecs.map((codec) => codecChain(codec, plan))],
    outputs: codecs.map((codec): OutputFile => ({
      name: encoders[codec].name,
      from: { label: codec },
      options: encoders[codec].options,
    })),
  });
}

function clipInput(clip: Clip, name: string): InputFile {
  const fromSeconds = Math.floor(clip.fromSamples / SAMPLE_RATE);
  const end = clip.fromSamples + clip.durationSamples;
  return {
    name,
    format: 'flac',
    fromSeconds,
    maxSeconds: Math.ceil(end / SAMPLE_RATE) - fromSeconds,
  };
}

/** All clips, summed and limited, to the pads that the encoders read. */
function mixChains(plan: MixPlan): Chain[] {
  const to = codecs.map((codec): Pad => ({ label: `to-${codec}` }));
  const soundSamples = plan.durationSamples + TAIL_SAMPLES;
  const ending = [
    filter('apad', { whole_len: soundSamples }),
    ...limitFilters(),
    filter('asplit', { outputs: codecs.length }),
  ];
  if (plan.clips.length === 0) {
    return [{ from: [], filters: [...silenceFilters(soundSamples), ...ending], to }];
  }
  const placed = plan.clips.map((clip, input): Chain => {
    return { from: [{ input }], filters: clipFilters(clip), to: [{ label: `clip${input}` }] };
  });
  const from = placed.flatMap((chain) => chain.to);
  return [...placed, { from, filters: [sumFilter(plan.clips.length), ...ending], to }];
}

/** Cuts a clip out of its stem, to the sample, and lays it at its place in the region. */
function clipFilters(clip: Clip): Filter[] {
  const start = clip.fromSamples % SAMPLE_RATE;
  return [
    filter('atrim', { start_sample: start, end_sample: start + clip.durationSamples }),
    filter('asetpts', { expr: 'PTS-STARTPTS' }),
    ...soundFilters(clip),
    filter('adelay', { delays: `${clip.atSamples}S`, all: true }),
  ];
}

/**
 * What an encoder is fed: the region, early by the encoder's own delay, and exactly as long as
 * its frames.
 */
function codecChain(codec: Codec, plan: MixPlan): Chain {
  const region = plan.durationSamples - LEAD_SAMPLES;
  const samples = LEAD_SAMPLES + framesFor(codec, region) * FRAME_SAMPLES[codec];
  return {
    from: [{ label: `to-${codec}` }],
    filters: [
      filter('atrim', { start_sample: ENCODER_DELAY_SAMPLES[codec] }),
      filter('asetpts', { expr: 'PTS-STARTPTS' }),
      filter('apad', { whole_len: samples }),
      filter('atrim', { end_sample: samples }),
    ],
    to: [{ label: codec }],
  };
}
