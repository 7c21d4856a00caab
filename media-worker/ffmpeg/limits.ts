// What holds an ffmpeg within bounds, as far as the system has it: each is a small program that
// sets its bound and then becomes the next.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from './environment.ts';
import { onPath, type Ffmpeg } from './find.ts';
import { inFolderAlone, withoutNetwork } from './jail.ts';

const MEBIBYTE = 1024 * 1024;
/** Address space of a native ffmpeg: our jobs take under 100 MB, but each thread reserves more. */
const MEMORY_BYTES = 2048 * MEBIBYTE;
/**
 * What the embedded one may write to. Node reserves far more address space than it uses, so that is
 * no measure there.
 */
const DATA_BYTES = 1536 * MEBIBYTE;
/** A ten-minute take costs under 30 s of CPU time; with wasm under 60. */
const CPU_SECONDS = 300;
/** Between SIGXCPU, by which we know why it ended, and the end that nothing can put off. */
const CPU_GRACE_SECONDS = 5;
/** The largest file written: an hour of noise as FLAC, the longest path to take home, has 330 MiB. */
const FILE_BYTES = 512 * MEBIBYTE;
/** How far ffmpeg stands back for whatever answers people on the same machine. */
const NICE = 10;

const run = promisify(execFile);

/**
 * What an ffmpeg can reach: its job's `folder` alone; everything but the `network`; or `anything`
 * that its user can, where the whitelists in its arguments are all that holds it.
 */
export type Reach = 'folder' | 'no network' | 'anything';

export interface Bounds {
  readonly reach: Reach;
  /** The programs to put before the command, with their arguments. */
  readonly limits: readonly string[];
}

/**
 * Finds out how an ffmpeg can be held here. Programs that are missing, or that this machine
 * forbids, are left out: each is tried with the very ffmpeg.
 */
export async function boundsFor(ffmpeg: Ffmpeg, { nice = NICE } = {}): Promise<Bounds> {
  const wanted = [...bounds(ffmpeg), ['nice', '-n', String(nice)]];
  const usable = await Promise.all(wanted.map((words) => usableHere(ffmpeg, words)));
  const limits = usable.flat();
  for (const [reach, words] of await walls(ffmpeg)) {
    const wall = await usableHere(ffmpeg, words, limits);
    if (wall.length > 0) return { reach, limits: [...wall, ...limits] };
  }
  return { reach: 'anything', limits };
}

function bounds({ kind }: Ffmpeg): string[][] {
  const memory = kind === 'native' ? `--as=${MEMORY_BYTES}` : `--data=${DATA_BYTES}`;
  const cpu = `--cpu=${CPU_SECONDS}:${CPU_SECONDS + CPU_GRACE_SECONDS}`;
  return [
    // The kernel ends ffmpeg when the worker dies, however it does. A worker that died before that
    // was asked for is not our parent any more, so then ffmpeg does not begin.
    ['setpriv', '--pdeathsig', 'KILL', '/bin/sh', '-c', '[ "$PPID" = "$0" ] && exec "$@"', PARENT],
    ['prlimit', cpu, `--fsize=${FILE_BYTES}`, '--core=0', memory],
  ];
}

const PARENT = String(process.pid);

/** From the highest wall to the lowest. The embedded one is walled in by Node itself, see find.ts. */
async function walls({ kind, command }: Ffmpeg): Promise<[Reach, readonly string[]][]> {
  if (process.platform !== 'linux') return [];
  if (kind === 'embedded') return [['folder', withoutNetwork]];
  return [
    ['folder', await inFolderAlone(command)],
    ['no network', withoutNetwork],
  ];
}

/** The words, the program by its whole path, if the command can be run behind them; else none. */
async function usableHere(
  { command, leading }: Ffmpeg,
  [name = '', ...options]: readonly string[],
  limits: readonly string[] = [],
): Promise<readonly string[]> {
  const program = await onPath(name);
  if (program === null) return [];
  const folder = await mkdtemp(join(tmpdir(), 'tap-story-try-'));
  try {
    await run(program, [...options, ...limits, command, ...leading, '-version'], {
      cwd: folder,
      env: cleanEnvironment(),
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    return [program, ...options];
  } catch {
    return [];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
