// Reads what ffmpeg says of a file before a single sample of it is decoded.
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import { ffmpegArguments, type InputFile } from './ffmpeg/command.ts';
import { FfmpegFailed, MediaRefused } from './ffmpeg/failures.ts';
import { runFfmpeg, type RunOptions, type Tool } from './ffmpeg/run.ts';

export interface Probe {
  readonly codec: string;
  readonly sampleRate: number;
  /** As the container says, seconds; null where it does not know or only guesses. */
  readonly durationSeconds: number | null;
}

/** A sample rate outside of this is a mistake or an attack: 1 Hz makes an hour out of 7 kB. */
const RATE = { least: 8_000, most: 192_000 } as const;
/** mono, stereo, 5.1 and the like: up to eight channels. */
const FEW_CHANNELS =
  /^(mono|stereo|downmix|quad|hexagonal|octagonal|[2-7]\.[01]|[1-8] channels)(\(\S+\))?$/u;
const WALL_MS = 20_000;

/**
 * Looks into a file without decoding it.
 * @throws {MediaRefused} it is no audio, breaks off, is too long, or is built to cost
 */
export async function probe(tool: Tool, input: InputFile, options: RunOptions): Promise<Probe> {
  const args = ffmpegArguments({ inputs: [input], graph: [], outputs: [] });
  try {
    await runFfmpeg(tool, args, { ...options, wallMs: WALL_MS });
  } catch (error) {
    // Without an output ffmpeg always ends in error, after it has said what it found.
    if (error instanceof FfmpegFailed) return readProbe(error.lastLines);
    throw error;
  }
  throw new Error('probe: ffmpeg did not refuse to run without an output');
}

/** Reads ffmpeg's description of its first input. @throws {MediaRefused} as {@link probe} */
export function readProbe(lines: readonly string[]): Probe {
  if (!lines.some((line) => line.startsWith('Input #0, '))) {
    const unfinished = lines.some((line) => line.includes('moov atom not found'));
    throw new MediaRefused(unfinished ? 'truncated' : 'not_audio', lines.slice(-3).join(' | '));
  }
  const stream = lines.flatMap((line) => {
    const found = /^ {2}Stream #0:\d+\S*: Audio: (\w+).*?, (\d+) Hz, ([^,]+)/u.exec(line);
    return found === null ? [] : [found];
  })[0];
  if (stream === undefined) throw new MediaRefused('silent_stream', 'it has no audio stream');
  const [, codec = '', rate = '', channels = ''] = stream;
  const sampleRate = Number(rate);
  if (sampleRate < RATE.least || sampleRate > RATE.most) {
    throw new MediaRefused('not_audio', `a sample rate of ${sampleRate} Hz`);
  }
  if (!FEW_CHANNELS.test(channels)) throw new MediaRefused('not_audio', `it has ${channels}`);
  const durationSeconds = durationOf(lines);
  if (durationSeconds !== null && durationSeconds > MAX_TAKE_SECONDS + 1) {
    throw new MediaRefused('too_long', `it says ${durationSeconds} s`);
  }
  return { codec, sampleRate, durationSeconds };
}

function durationOf(lines: readonly string[]): number | null {
  if (lines.some((line) => line.includes('Estimating duration from bitrate'))) return null;
  const found = lines
    .map((line) => /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+)/u.exec(line))
    .find((match) => match !== null);
  if (found === undefined) return null;
  return Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
}
