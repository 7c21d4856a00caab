// What holds an ffmpeg within bounds, as far as the system has it: each is a small program that
// sets its bound and then becomes the next.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onPath } from './find.ts';

const MEBIBYTE = 1024 * 1024;
/** Address space of a native ffmpeg: our jobs take under 100 MB, but each thread reserves more. */
const MEMORY_BYTES = 2048 * MEBIBYTE;
/** A ten-minute take costs under 30 s of CPU time; with wasm under 60. */
const CPU_SECONDS = 300;
/** The largest file written: ten minutes of 16-bit PCM are 55 MiB. */
const FILE_BYTES = 256 * MEBIBYTE;
const NICE = 10;

const run = promisify(execFile);

/**
 * The programs to put before a command, for one kind of ffmpeg. Those that are missing, or that
 * this machine forbids, are left out.
 */
export async function limitsFor(kind: 'native' | 'embedded'): Promise<readonly string[]> {
  // Node reserves far more address space than it uses, so wasm's own bound must do there.
  const memory = kind === 'native' ? [`--as=${MEMORY_BYTES}`] : [];
  const wanted = [
    // The kernel ends ffmpeg when the worker dies, however it does.
    ['setpriv', '--pdeathsig', 'KILL'],
    ['prlimit', `--cpu=${CPU_SECONDS}`, `--fsize=${FILE_BYTES}`, '--core=0', ...memory],
    ['nice', '-n', String(NICE)],
  ];
  const usable = await Promise.all(wanted.map(usableHere));
  return usable.flat();
}

async function usableHere([name = '', ...options]: readonly string[]): Promise<readonly string[]> {
  const path = await onPath(name);
  if (path === null) return [];
  try {
    await run(path, [...options, process.execPath, '--version'], { timeout: 10_000 });
    return [path, ...options];
  } catch {
    return [];
  }
}
