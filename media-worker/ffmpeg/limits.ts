// What holds an ffmpeg within bounds, as far as the system has it: each is a small program that
// sets its bound and then becomes the next.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '#backend/log.ts';
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
 * What an ffmpeg can reach: its job's `folder` alone; everything but the network; its folder and the
 * network; or `anything` that its user can. What can be reached is kept from it by the whitelists in
 * its arguments alone.
 */
export type Reach = 'folder' | 'no network' | 'folder and network' | 'anything';

export interface Bounds {
  readonly reach: Reach;
  /** The programs to put before the command, with their arguments. */
  readonly limits: readonly string[];
  /** What was left out. */
  readonly missing: readonly MissingBound[];
}

export interface MissingBound {
  /** What ffmpeg is not held to, for people. */
  readonly bound: string;
  /** What its program said, or that there is none. */
  readonly why: string;
}

interface Bound {
  readonly name: string;
  readonly words: readonly string[];
}

interface Wall extends Bound {
  readonly reach: Reach;
}

/**
 * Finds out how an ffmpeg can be held here. Programs that are missing, or that this machine
 * forbids, are left out: each is tried with the very ffmpeg.
 */
export async function boundsFor(ffmpeg: Ffmpeg, { nice = NICE } = {}): Promise<Bounds> {
  const missing: MissingBound[] = [];
  const usable = async ({ name, words }: Bound, limits: readonly string[] = []) => {
    const tried = await tryHere(ffmpeg, words, limits);
    if (typeof tried !== 'string') return tried;
    missing.push({ bound: name, why: tried });
    return [];
  };
  const priority = { name: 'a low priority', words: ['nice', '-n', String(nice)] };
  const limits = (
    await Promise.all([...bounds(ffmpeg), priority].map((bound) => usable(bound)))
  ).flat();
  for (const { reach, ...bound } of await walls(ffmpeg)) {
    const wall = await usable(bound, limits);
    if (wall.length > 0) return { reach, limits: [...wall, ...limits], missing };
  }
  // Node itself keeps the embedded one from files, see find.ts.
  const reach = ffmpeg.kind === 'embedded' ? 'folder and network' : 'anything';
  return { reach, limits, missing };
}

/** Tells the operator which bounds ffmpeg goes without. */
export function warnOfMissing({ reach, missing }: Bounds, log: Logger): void {
  for (const { bound, why } of missing) log.warn({ bound, why }, 'a bound of ffmpeg is missing');
  if (reach !== 'anything' && reach !== 'folder and network') return;
  const open = reach === 'anything' ? 'files and addresses' : 'addresses';
  log.warn(
    `ffmpeg is not confined: only the whitelists in its arguments keep it from ${open} ` +
      'that this user can reach (docs/decisions/023-the-rights-of-ffmpeg.md)',
  );
}

function bounds({ kind }: Ffmpeg): Bound[] {
  const memory = kind === 'native' ? `--as=${MEMORY_BYTES}` : `--data=${DATA_BYTES}`;
  const cpu = `--cpu=${CPU_SECONDS}:${CPU_SECONDS + CPU_GRACE_SECONDS}`;
  return [
    {
      name: 'an end together with the worker',
      words: ['setpriv', '--pdeathsig', 'KILL', '/bin/sh', '-c', WHILE_PARENT, PARENT],
    },
    {
      name: 'CPU time, memory and the size of files',
      words: ['prlimit', cpu, `--fsize=${FILE_BYTES}`, '--core=0', memory],
    },
  ];
}

const PARENT = String(process.pid);
/**
 * The kernel ends ffmpeg when the worker dies, however it does. A worker that died before that was
 * asked for is not our parent any more, so then ffmpeg does not begin.
 */
const WHILE_PARENT = '[ "$PPID" = "$0" ] && exec "$@"';

/** From the highest wall to the lowest. The embedded one is walled in by Node itself, see find.ts. */
async function walls({ kind, command }: Ffmpeg): Promise<Wall[]> {
  if (process.platform !== 'linux') return [];
  const network = { name: 'no network', words: withoutNetwork };
  if (kind === 'embedded') return [{ ...network, reach: 'folder' }];
  const folder = { name: 'no file but its job’s', words: await inFolderAlone(command) };
  return [
    { ...folder, reach: 'folder' },
    { ...network, reach: 'no network' },
  ];
}

/** The words, the program by its whole path, if the command can be run behind them; else why not. */
async function tryHere(
  { command, leading }: Ffmpeg,
  [name = '', ...options]: readonly string[],
  limits: readonly string[],
): Promise<readonly string[] | string> {
  const program = await onPath(name);
  if (program === null) return `there is no ${name} on PATH`;
  const folder = await mkdtemp(join(tmpdir(), 'tap-story-try-'));
  try {
    await run(program, [...options, ...limits, command, ...leading, '-version'], {
      cwd: folder,
      env: cleanEnvironment(),
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    return [program, ...options];
  } catch (error) {
    return lastWords(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last line that a program wrote to stderr; of one that wrote none, how it ended. */
function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const said = 'stderr' in error ? String(error.stderr).trim() : '';
  return said.split('\n').at(-1) || error.message;
}
