// Reads what ffmpeg says of a file, as it says it: before it decodes on, so that it may be ended.
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import { MediaRefused } from './ffmpeg/failures.ts';
import { BEGINS } from './ffmpeg/run.ts';

export interface Probe {
  /** As the container says, seconds; null where it does not know or only guesses. */
  readonly durationSeconds: number | null;
}

/** A sample rate outside of this is a mistake or an attack: 1 Hz makes an hour out of 7 kB. */
const RATE = { least: 8_000, most: 192_000 } as const;
/** mono, stereo, 5.1 and the like: up to eight channels. */
const FEW_CHANNELS =
  /^(mono|stereo|downmix|quad|hexagonal|octagonal|ambisonic [01]|[2-7]\.[01]|[1-8] channels)( ?\(\S+\))*$/u;
/**
 * A stream as ffmpeg tells it: `  Stream #0:0(eng): Audio: opus, 48000 Hz, mono, fltp`. The language
 * is the file's own text and may hold anything, another stream or the end of the line too. So what
 * stands before is no matter, and of two rates in a line the last is ffmpeg's.
 */
const AUDIO = /: Audio: .*, (\d+) Hz, ([^,]+)/su;
const DURATION = /^ {2}Duration: (\d+):(\d\d):(\d\d\.\d+)/u;
const LAST_LINES = 3;

/**
 * Listens to an ffmpeg that runs for what it says of its first input. Tags can imitate everything
 * that ffmpeg says, but cannot unsay anything: one stream out of bounds is enough to refuse a file,
 * whatever else is said of it.
 */
export class ProbeListener {
  readonly #refuse: (why: unknown) => void;
  readonly #lastLines: string[] = [];
  #isOpened = false;
  #isUnfinished = false;
  #isGuessed = false;
  #durationSeconds: number | null = null;
  #hasAudio = false;
  #fault: MediaRefused | null = null;
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
    this.#hear(line);
    if (line !== BEGINS) return;
    try {
      this.#probe = this.result();
    } catch (error) {
      this.#refuse(error);
    }
  };

  #hear(line: string): void {
    this.#lastLines.push(line);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
    this.#isOpened ||= line.startsWith('Input #0, ');
    this.#isUnfinished ||= line.includes('moov atom not found');
    this.#isGuessed ||= line.includes('Estimating duration from bitrate');
    this.#durationSeconds ??= durationIn(line);
    const found = AUDIO.exec(line);
    if (found === null) return;
    const [, rate = '', channels = ''] = found;
    this.#hasAudio = true;
    this.#fault ??= faultOf(Number(rate), channels);
  }

  /**
   * What has been said of the file so far.
   * @throws {MediaRefused} it is no audio, breaks off, is too long, or is built to cost
   */
  result(): Probe {
    if (!this.#isOpened) {
      const reason = this.#isUnfinished ? 'truncated' : 'not_audio';
      throw new MediaRefused(reason, this.#lastLines.join(' | '));
    }
    if (!this.#hasAudio) throw new MediaRefused('silent_stream', 'it has no audio stream');
    if (this.#fault !== null) throw this.#fault;
    const durationSeconds = this.#isGuessed ? null : this.#durationSeconds;
    if (durationSeconds !== null && durationSeconds > MAX_TAKE_SECONDS + 1) {
      throw new MediaRefused('too_long', `it says ${durationSeconds} s`);
    }
    return { durationSeconds };
  }
}

function faultOf(sampleRate: number, channels: string): MediaRefused | null {
  if (sampleRate < RATE.least || sampleRate > RATE.most) {
    return new MediaRefused('not_audio', `a sample rate of ${sampleRate} Hz`);
  }
  if (FEW_CHANNELS.test(channels)) return null;
  return new MediaRefused('not_audio', `it has ${channels}`);
}

function durationIn(line: string): number | null {
  const found = DURATION.exec(line);
  if (found === null) return null;
  return Number(found[1]) * 3600 + Number(found[2]) * 60 + Number(found[3]);
}
