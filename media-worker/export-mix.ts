// The mix of a whole path as one recording: stems laid in two lanes, one sum, encoded once.
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { MixFormat, MixSpec, Tags } from '#domain/media/export-spec.ts';
import {
  laneLength,
  laneParts,
  type Lane,
  type LanesPlan,
  type PartLimits,
} from '#domain/timeline/lanes-plan.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { ffmpegArguments } from './ffmpeg/command.ts';
import { OutputRejected } from './ffmpeg/failures.ts';
import { filter, type Chain, type Pad } from './ffmpeg/graph.ts';
import { runFfmpeg, type RunOptions } from './ffmpeg/run.ts';
import { fetchStems, stemFile } from './fetch-stems.ts';
import { withJobFolder } from './job-folder.ts';
import {
  limitFilters,
  silenceFilters,
  soundFilters,
  sumFilter,
  TAIL_SAMPLES,
} from './mix-graph.ts';
import { playedSamples } from './played-samples.ts';
import type { Worker } from './worker.ts';

/** A recording that lies in a lane. */
interface LaidFile {
  /** In the job's folder. */
  readonly name: string;
  readonly gapSamples: number;
  readonly durationSamples: number;
  /** Gain of a stem, dB; null for a part of a lane, which was brought to its loudness before. */
  readonly gainDb: number | null;
}

/**
 * The most files of one command: each costs ffmpeg a thread and an open file. A lane with more is
 * laid in parts first. A part is short enough for the limit of a file's size at 24 bit.
 */
const MOST_FILES = 64;
const MOST_OF_PART: PartLimits = { pieces: MOST_FILES, samples: 20 * 60 * SAMPLE_RATE };

const encoders: Record<MixFormat, string> = {
  // Rounded to 16 bit without dither: the noise of any microphone does that well enough.
  flac: '-c:a flac -f flac',
  // An edit list in samples takes the encoder's delay out; the index goes to the front.
  m4a: `-c:a aac -aac_coder fast -b:a 128k -f ipod -movie_timescale ${SAMPLE_RATE} -movflags +faststart`,
  // LAME's header says how much of both ends is padding, so that players leave it out.
  mp3: '-c:a libmp3lame -q:a 2 -f mp3 -write_xing 1 -id3v2_version 3',
};

export type MixOptions = RunOptions & {
  readonly signal: AbortSignal;
  /** For tests: how much one command takes in. */
  readonly most?: PartLimits;
};

/**
 * Mixes a path in the job's folder.
 * @returns the file's name
 * @throws {OutputRejected} a stem is not what it was, or ffmpeg claimed success but the file does
 * not play for as long as the path is
 */
export async function mixPath(
  worker: Pick<Worker, 'objects' | 'tool'>,
  spec: MixSpec,
  options: MixOptions,
): Promise<string> {
  const { plan, format, tags } = spec;
  const { onProgress } = options;
  // Laying parts takes as long as mixing them does.
  let laid = 0;
  const lanes = await layLanes(worker, spec, {
    ...options,
    onProgress: (done) => onProgress?.((laid = done / 2)),
  });
  const name = `path.${format}`;
  await runFfmpeg(worker.tool, mixArguments({ plan, lanes, format, tags }, name), {
    ...options,
    expectedSeconds: plan.durationSamples / SAMPLE_RATE,
    onProgress: (done) => onProgress?.(laid + done * (1 - laid)),
  });
  const samples = await playedSamples(format, join(options.folder, name));
  if (samples !== plan.durationSamples) {
    throw new OutputRejected(`${name} plays ${samples} samples, not ${plan.durationSamples}`);
  }
  return name;
}

/** Brings the files of both lanes into the job's folder: stems, or parts where they are many. */
async function layLanes(
  worker: Pick<Worker, 'objects' | 'tool'>,
  { plan, stems }: MixSpec,
  { most = MOST_OF_PART, ...options }: MixOptions,
): Promise<LaidFile[][]> {
  const pieces = plan.lanes.reduce((sum, lane) => sum + lane.length, 0);
  if (pieces <= most.pieces) {
    await fetchStems(worker.objects, stems, options);
    return plan.lanes.map(stemsOf);
  }
  const parts = plan.lanes.map((lane) => laneParts(lane, most));
  const count = parts.flat().length;
  const laid: LaidFile[][] = parts.map(() => []);
  let done = 0;
  for (const [lane, partsOfLane] of parts.entries()) {
    for (const part of partsOfLane) {
      const name = `part-${lane}-${laid[lane]?.length ?? 0}.flac`;
      await layPart(worker, { part, stems, name }, options);
      laid[lane]?.push({ name, gapSamples: 0, durationSamples: laneLength(part), gainDb: null });
      done += 1;
      options.onProgress?.(done / count);
    }
  }
  return laid;
}

function stemsOf(lane: Lane): LaidFile[] {
  return lane.map(({ stemSha256, gapSamples, durationSamples, gainDb }) => {
    return { name: stemFile(stemSha256), gapSamples, durationSamples, gainDb };
  });
}

/** Lays a part of a lane, in a folder of its own, into one FLAC of 24 bit in the job's folder. */
async function layPart(
  { objects, tool }: Pick<Worker, 'objects' | 'tool'>,
  { part, stems, name }: { part: Lane; stems: MixSpec['stems']; name: string },
  { folder: jobFolder, signal }: MixOptions,
): Promise<void> {
  await withJobFolder(async (folder) => {
    const needed = new Set(part.map(({ stemSha256 }) => stemSha256));
    const options = { folder, signal };
    await fetchStems(
      objects,
      stems.filter(({ sha256 }) => needed.has(sha256)),
      options,
    );
    const files = stemsOf(part);
    const whole = filter('aformat', { sample_fmts: 's32' });
    const args = ffmpegArguments({
      inputs: files.map((file) => ({ name: file.name, format: 'flac' })),
      graph: [
        ...laneChains(files, { firstInput: 0, to: { label: 'lane' } }),
        { from: [{ label: 'lane' }], filters: [whole], to: [{ label: 'part' }] },
      ],
      outputs: [{ name, from: { label: 'part' }, options: ['-c:a', 'flac', '-f', 'flac'] }],
    });
    await runFfmpeg(tool, args, options);
    const samples = await playedSamples('flac', join(folder, name));
    if (samples !== laneLength(part)) {
      throw new OutputRejected(`${name} has ${samples} samples, not ${laneLength(part)}`);
    }
    await rename(join(folder, name), join(jobFolder, name));
  });
}

/** The one ffmpeg command of a path's mix. */
export function mixArguments(
  mix: { plan: LanesPlan; lanes: readonly LaidFile[][]; format: MixFormat; tags: Tags },
  name: string,
): string[] {
  const { plan, lanes, format, tags } = mix;
  const pads = lanes.map((_, index): Pad => ({ label: `lane${index}` }));
  const laid = lanes.flatMap((lane, index) => {
    const firstInput = index === 0 ? 0 : (lanes[0]?.length ?? 0);
    return laneChains(lane, { firstInput, to: { label: `lane${index}` } });
  });
  const sum = [
    ...(lanes.length > 1 ? [sumFilter(lanes.length)] : []),
    filter('apad', { whole_len: plan.durationSamples + TAIL_SAMPLES }),
    ...limitFilters(),
    filter('atrim', { end_sample: plan.durationSamples }),
    filter('aformat', { sample_fmts: format === 'flac' ? 's16' : 'fltp' }),
  ];
  return ffmpegArguments({
    inputs: lanes.flat().map((file) => ({ name: file.name, format: 'flac' })),
    graph: [...laid, { from: pads, filters: sum, to: [{ label: 'mix' }] }],
    outputs: [
      { name, from: { label: 'mix' }, options: [...encoders[format].split(' '), ...tagsAs(tags)] },
    ],
  });
}

/** The files of a lane one after the other, with the silence between them. */
function laneChains(
  lane: readonly LaidFile[],
  { firstInput, to }: { firstInput: number; to: { label: string } },
): Chain[] {
  const chains: Chain[] = [];
  const inOrder: Pad[] = [];
  const add = (from: Pad[], filters: Chain['filters']): void => {
    const pad = { label: `${to.label}-${inOrder.length}` };
    chains.push({ from, filters, to: [pad] });
    inOrder.push(pad);
  };
  for (const [index, { gapSamples, durationSamples, gainDb }] of lane.entries()) {
    const float = filter('aformat', { sample_fmts: 'fltp' });
    if (gapSamples > 0) add([], [...silenceFilters(gapSamples), float]);
    const edges = { durationSamples, fadeIn: true, fadeOut: true };
    add(
      [{ input: firstInput + index }],
      gainDb === null ? [float] : soundFilters({ ...edges, gainDb }),
    );
  }
  const join = filter('concat', { n: inOrder.length, v: 0, a: 1 });
  return [...chains, { from: inOrder, filters: [join], to: [to] }];
}

function tagsAs({ title, artist, comment }: Tags): string[] {
  return Object.entries({ title, artist, comment }).flatMap(([name, text]) => [
    '-metadata',
    `${name}=${text.replaceAll(/\p{Cc}+/gu, ' ')}`,
  ]);
}
