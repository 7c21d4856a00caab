// An upload becomes a stem: decoded once, kept without loss, measured.
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { ffmpegArguments, type InputFormat } from './ffmpeg/command.ts';
import { FfmpegFailed, FfmpegKilled, MediaRefused, OutputRejected } from './ffmpeg/failures.ts';
import { filter } from './ffmpeg/graph.ts';
import { runFfmpeg, type RunOptions, type Tool } from './ffmpeg/run.ts';
import { gainFor, readLoudness } from './loudness.ts';
import { ProbeListener, type Probe } from './probe.ts';
import { sniffFile } from './sniff.ts';
import { refuseBrokenWav } from './wav-length.ts';
import { readWaveform, type Waveform } from './waveform.ts';

export interface Stem extends Waveform {
  /** File in the job's folder: FLAC, 48 kHz, mono, 16 bit. */
  readonly name: string;
  readonly loudnessLufs: number | null;
  readonly gainDb: number;
}

/** What is decoded at most, a second more than a take may have: enough to see that it is too long. */
const LONGEST_SECONDS = MAX_TAKE_SECONDS + 1;
/** Below this nothing can be heard: 0.3 s. */
const SHORTEST_SAMPLES = 0.3 * SAMPLE_RATE;
/** Containers round their durations, and encoders pad: less than this is no loss. */
const DURATION_SLACK_SECONDS = 0.35;

const STEM = 'stem.flac';
const SAMPLES = 'samples.raw';

/**
 * Makes the stem of an upload, which lies in the job's folder under `upload`.
 * @throws {MediaRefused} the file cannot become a take
 * @throws {OutputRejected} ffmpeg claimed success, but its stem does not decode to what it read
 */
export async function makeStem(tool: Tool, upload: string, options: RunOptions): Promise<Stem> {
  const path = join(options.folder, upload);
  const format = await sniffFile(path);
  if (format === 'wav') await refuseBrokenWav(path);
  const { probed, lines } = await decodeUpload(tool, { upload, format }, options);
  const waveform = await readWaveform(join(options.folder, SAMPLES));
  checkLength(waveform.durationSamples, probed);
  await checkStem(join(options.folder, STEM), waveform);
  const loudness = readLoudness(lines);
  return { ...waveform, name: STEM, loudnessLufs: loudness.lufs, gainDb: gainFor(loudness) };
}

/**
 * Decodes an upload as the one format that it was found to be, into the stem and its bare samples.
 * One run of ffmpeg: it is ended at once if what it says of the file is no recording.
 * @returns what it said of the file, and its last lines
 * @throws {MediaRefused} the file cannot become a take
 */
export async function decodeUpload(
  tool: Tool,
  { upload, format }: { upload: string; format: InputFormat },
  options: RunOptions,
): Promise<{ probed: Probe; lines: readonly string[] }> {
  const args = ffmpegArguments({
    inputs: [{ name: upload, format, maxSeconds: LONGEST_SECONDS }],
    graph: [
      {
        from: [{ input: 0 }],
        filters: [
          filter('aresample', { osr: SAMPLE_RATE }),
          filter('aformat', { sample_fmts: 's16', channel_layouts: 'mono' }),
          // Counted in samples: the file's own clock may stand still, and -t goes by that.
          filter('atrim', { end_sample: LONGEST_SECONDS * SAMPLE_RATE }),
          filter('asplit', { outputs: 2 }),
        ],
        to: [{ label: 'samples' }, { label: 'toMeasure' }],
      },
      {
        from: [{ label: 'toMeasure' }],
        filters: [
          // Mono is heard from two speakers, so it is measured as if it came from two.
          filter('ebur128', { dualmono: true, peak: 'true', framelog: 'verbose' }),
          filter('aformat', { sample_fmts: 's16' }),
        ],
        to: [{ label: 'stem' }],
      },
    ],
    outputs: [
      { name: STEM, from: { label: 'stem' }, options: ['-c:a', 'flac', '-f', 'flac'] },
      { name: SAMPLES, from: { label: 'samples' }, options: ['-c:a', 'pcm_s16le', '-f', 's16le'] },
    ],
  });
  const refused = new AbortController();
  const said = new ProbeListener((why) => refused.abort(why));
  const signals = [refused.signal, ...(options.signal === undefined ? [] : [options.signal])];
  try {
    const lines = await runFfmpeg(tool, args, {
      ...options,
      signal: AbortSignal.any(signals),
      onLine: said.onLine,
      expectedSeconds: () => said.probe?.durationSeconds ?? null,
    });
    return { probed: said.result(), lines };
  } catch (error) {
    if (error instanceof FfmpegFailed) {
      said.result();
      // What it said of the file was well, and then the samples were not there.
      throw new MediaRefused('truncated', error.message, { cause: error });
    }
    // Ten minutes of anything honest cost a tenth of that: another try would cost it again.
    if (error instanceof FfmpegKilled && error.by === 'SIGXCPU') {
      throw new MediaRefused('not_audio', 'it takes hours to decode', { cause: error });
    }
    throw error;
  }
}

function checkLength(samples: number, { durationSeconds }: Probe): void {
  const seconds = samples / SAMPLE_RATE;
  if (seconds > MAX_TAKE_SECONDS) throw new MediaRefused('too_long', `${seconds} s`);
  if (durationSeconds !== null && seconds < durationSeconds - DURATION_SLACK_SECONDS) {
    throw new MediaRefused('truncated', `${seconds} s of ${durationSeconds} s`);
  }
  if (samples === 0) throw new MediaRefused('empty', 'it decodes to nothing');
  if (samples < SHORTEST_SAMPLES) throw new MediaRefused('too_short', `${seconds} s`);
}

/**
 * FLAC's header holds the number and the MD5 of the samples that went in: they must be those that
 * we read ourselves.
 */
async function checkStem(path: string, { durationSamples, md5 }: Waveform): Promise<void> {
  const { size } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(42), 0, 42, 0);
    const samples = (buffer.readUInt8(21) & 0x0f) * 2 ** 32 + buffer.readUInt32BE(22);
    const same = samples === durationSamples && buffer.toString('hex', 26, 42) === md5;
    if (bytesRead < 42 || size <= 42 || !same) {
      throw new OutputRejected(`the stem holds ${samples} samples, not ${durationSamples} of ours`);
    }
  } finally {
    await file.close();
  }
}
