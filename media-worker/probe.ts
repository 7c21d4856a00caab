// Reads what ffmpeg says of a file, as it says it: before it decodes on, so that it may be ended.
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import { MediaRefused } from './ffmpeg/failures.ts';

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
/** ffmpeg says this once it has told of all its inputs, and then begins. */
const ALL_TOLD = 'Stream mapping:';
/** The description of one input is shorter; what is older was warnings. */
const KEPT_LINES = 200;

/** Listens to an ffmpeg that runs for what it says of its first input. */
export class ProbeListener {
  readonly #lines: string[] = [];
  readonly #refuse: (why: unknown) => void;
  #isTold = false;
  #probe: Probe | null = null;

  /** @param refuse is told, as soon as that is known, why the file cannot become a take */
  constructor(refuse: (why: unknown) => void) {
    this.#refuse = refuse;
  }

  /** Null before it is known. */
  get probe(): Probe | null {
    return this.#probe;
  }

  readonly onLine = (line: string): void => {
    if (this.#isTold) return;
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    if (line !== ALL_TOLD) return;
    this.#isTold = true;
    try {
      this.result();
    } catch (error) {
      this.#refuse(error);
    }
  };

  /** What was said by the end of the run. @throws {MediaRefused} as {@link readProbe} */
  result(): Probe {
    return (this.#probe ??= readProbe(this.#lines));
  }
}

/**
 * Reads ffmpeg's description of its first input.
 * @throws {MediaRefused} it is no audio, breaks off, is too long, or is built to cost
 */
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
