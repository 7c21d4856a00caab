// Runs one ffmpeg: in a folder of its own, within limits, with progress, and gone when told.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { cleanEnvironment } from './environment.ts';
import { FfmpegFailed, FfmpegKilled, FfmpegStarved } from './failures.ts';
import type { Ffmpeg } from './find.ts';
import type { Bounds } from './limits.ts';
import { linesOf } from './lines.ts';

/** An ffmpeg with the bounds that this machine can set around it. */
export interface Tool extends Bounds {
  readonly ffmpeg: Ffmpeg;
}

export interface RunOptions {
  /** The job's private folder: everything that the arguments name lies in it. */
  readonly folder: string;
  readonly signal?: AbortSignal | undefined;
  /**
   * How long the output is expected to be, if that is known or becomes so; without it there is no
   * progress.
   */
  readonly expectedSeconds?: number | (() => number | null);
  /** Share done, 0 to 1. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Each line that it writes to stderr, as it comes; of a long one, both ends. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** Longest time by the clock on the wall, milliseconds. */
  readonly wallMs?: number;
}

const WALL_MS = 600_000;
/** How long ffmpeg may take to end after SIGTERM before it is killed. */
const TERM_MS = 2_000;
const KEPT_LINES = 200;
const KEPT_OF_LINE = 1_000;
/** A tag of the file (lyrics have one line each): not kept, so that it crowds out nothing else. */
const TAG = /^ {4,}[^:]{0,15} +: /u;
/** ffmpeg says this once it has told of all its inputs, and then begins. */
export const BEGINS = 'Stream mapping:';
/**
 * As ffmpeg says it, and as Node does in front of the embedded one. So far to the right are only
 * tags.
 */
const DISK_FULL = /^(?! {4}).*(?:No space left on device|Disk quota exceeded|ENOSPC|EDQUOT)/u;
/** ffmpeg takes its being out of CPU time (SIGXCPU) for a wish to end, and ends in order. */
const OUT_OF_CPU = /^Exiting normally, received signal 24/u;
/** What limits and loaders exit with when they cannot run the program: "126", "127". */
const NOT_RUN = new Set([126, 127]);

/**
 * Runs ffmpeg to its end.
 * @returns the last lines that it wrote to stderr, oldest first: none from before it began, where
 * the tags of a file may say anything
 * @throws {FfmpegFailed} it ended with an error
 * @throws {FfmpegKilled} something outside ended it, our wall limit too
 * @throws {FfmpegStarved} the disk is full, or ffmpeg cannot be run at all
 * @throws the signal's reason if that aborted; ffmpeg is gone by then
 */
export async function runFfmpeg(
  { ffmpeg, limits }: Tool,
  args: readonly string[],
  options: RunOptions,
): Promise<readonly string[]> {
  options.signal?.throwIfAborted();
  const whole = [...limits, ffmpeg.command, ...ffmpeg.leading, ...globals, ...args];
  const [program = ffmpeg.command, ...rest] = whole;
  const child = spawn(program, rest, {
    cwd: options.folder,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
  const ending = new Ending(child, options);
  const [lines] = await Promise.all([
    lastLines(child.stderr, options),
    readProgress(child.stdout, options),
    ending.exited,
  ]);
  return ending.result(lines);
}

const globals = [
  '-nostdin',
  '-hide_banner',
  '-loglevel',
  'info',
  '-filter_threads',
  '1',
  '-filter_complex_threads',
  '1',
  '-progress',
  'pipe:1',
  '-nostats',
];

/** Watches over one child: ends it on abort and at the wall limit, and says how it ended. */
class Ending {
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #signal: AbortSignal | undefined;
  readonly #wall: NodeJS.Timeout;
  #kill: NodeJS.Timeout | undefined;
  #overWall = false;
  #code: number | null = null;
  #by: NodeJS.Signals | null = null;

  constructor(child: ChildProcess, { signal, wallMs = WALL_MS }: RunOptions) {
    this.#child = child;
    this.#signal = signal;
    this.#wall = setTimeout(() => {
      this.#overWall = true;
      this.#end();
    }, wallMs);
    signal?.addEventListener('abort', this.#end, { once: true });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.exited = promise.finally(() => this.#release());
    child.once('error', reject);
    child.once('close', (code, by) => {
      this.#code = code;
      this.#by = by;
      resolve();
    });
  }

  result(lines: readonly string[]): readonly string[] {
    if (this.#overWall) throw new FfmpegKilled('wall limit');
    this.#signal?.throwIfAborted();
    if (this.#by !== null) throw new FfmpegKilled(this.#by);
    if (lines.some((line) => OUT_OF_CPU.test(line))) throw new FfmpegKilled('SIGXCPU');
    // Asked before the exit code: ffmpeg may call what it could not write a success.
    const full = lines.find((line) => DISK_FULL.test(line));
    if (full !== undefined) throw new FfmpegStarved(full);
    if (NOT_RUN.has(this.#code ?? 0)) throw new FfmpegStarved(lines.at(-1) ?? 'it did not start');
    if (this.#code !== 0) throw new FfmpegFailed(this.#code ?? -1, lines);
    return lines;
  }

  readonly #end = (): void => {
    this.#child.kill('SIGTERM');
    this.#kill ??= setTimeout(() => this.#child.kill('SIGKILL'), TERM_MS);
  };

  #release(): void {
    clearTimeout(this.#wall);
    clearTimeout(this.#kill);
    this.#signal?.removeEventListener('abort', this.#end);
  }
}

async function lastLines(stream: Readable, { onLine }: RunOptions): Promise<string[]> {
  const lines: string[] = [];
  for await (const whole of linesOf(stream)) {
    const line = shortened(whole);
    onLine?.(line);
    if (TAG.test(line)) continue;
    // A tag may say it too, but ffmpeg does so after all tags.
    if (line === BEGINS) lines.length = 0;
    lines.push(line);
    if (lines.length > KEPT_LINES) lines.shift();
  }
  return lines;
}

/** Both ends: what comes from a file can be long, and ffmpeg's own words stand on either side. */
function shortened(line: string): string {
  if (line.length <= KEPT_OF_LINE) return line;
  return `${line.slice(0, KEPT_OF_LINE / 2)}…${line.slice(-KEPT_OF_LINE / 2)}`;
}

async function readProgress(
  stream: Readable,
  { expectedSeconds: expected = () => null, onProgress }: RunOptions,
): Promise<void> {
  for await (const line of linesOf(stream)) {
    const micros = /^out_time_us=(\d+)$/u.exec(line)?.[1];
    const seconds = typeof expected === 'number' ? expected : expected();
    if (micros === undefined || seconds === null) continue;
    onProgress?.(Math.min(1, Number(micros) / 1e6 / seconds));
  }
}
