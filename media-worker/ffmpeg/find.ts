// Which ffmpeg this machine has: the operator's, the system's, or the embedded one.
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { FfmpegUnusable } from './failures.ts';

/** An ffmpeg that can be spawned: `command` with `leading` before ffmpeg's own arguments. */
export interface Ffmpeg {
  readonly kind: 'native' | 'embedded';
  readonly command: string;
  readonly leading: readonly string[];
  readonly version: string;
  /** Why this one, for people. */
  readonly why: string;
}

export interface FindOptions {
  /** A path, or `embedded` to skip the system's; unset looks on `searchPath`. */
  readonly FFMPEG_PATH?: string | undefined;
  /** Folders to look in; defaults to the environment's PATH. */
  readonly searchPath?: string | undefined;
}

const OLDEST = [5, 1] as const;
const ENCODERS = ['libopus', 'aac', 'flac', 'libmp3lame'] as const;
const PROBE_MS = 10_000;
const run = promisify(execFile);

/**
 * Finds an ffmpeg that fits: 5.1 or newer, with the encoders that we need.
 * @throws {FfmpegUnusable} `FFMPEG_PATH` names one that does not
 */
export async function findFfmpeg({
  FFMPEG_PATH,
  searchPath = process.env['PATH'],
}: FindOptions = {}): Promise<Ffmpeg> {
  if (FFMPEG_PATH === 'embedded') return embedded('FFMPEG_PATH asks for it');
  if (FFMPEG_PATH !== undefined) {
    // Whole, because each job runs in a folder of its own.
    const named = (await onPath(FFMPEG_PATH, searchPath)) ?? resolve(FFMPEG_PATH);
    const found = await examine(named);
    if (!found.fits) throw new FfmpegUnusable(`FFMPEG_PATH=${FFMPEG_PATH}: ${found.fault}`);
    return native(named, found.version, 'FFMPEG_PATH names it');
  }
  const command = await onPath('ffmpeg', searchPath);
  if (command === null) return embedded('no ffmpeg on PATH');
  const found = await examine(command);
  return found.fits
    ? native(command, found.version, 'found on PATH')
    : embedded(`${command} does not fit: ${found.fault}`);
}

/** One row of the table shown at start: what serves audio, and why. */
export async function describeFfmpeg(
  options: FindOptions = {},
): Promise<{ serves: string; why: string }> {
  const { kind, command, version, why } = await findFfmpeg(options);
  const serves = kind === 'native' ? `ffmpeg ${version} (${command})` : `ffmpeg ${version} (wasm)`;
  return { serves, why };
}

function native(command: string, version: string, why: string): Ffmpeg {
  return { kind: 'native', command, leading: [], version, why };
}

/**
 * The wasm build of `@ffmpeg/core` 0.12.10 in a Node process of its own, which may read itself and
 * the folder it is started in, write into that folder, and start nothing.
 */
function embedded(why: string): Ffmpeg {
  const script = fileURLToPath(new URL('wasm.ts', import.meta.url));
  const core = join(createRequire(import.meta.url).resolve('@ffmpeg/core'), '../../..');
  const code = [script, core, fileURLToPath(new URL('../../package.json', import.meta.url))];
  const leading = [
    '--no-warnings',
    '--permission',
    // A function of the 32 MB is looked at when it is first called; most of them never are.
    '--wasm-lazy-validation',
    ...[...code, '.'].map((path) => `--allow-fs-read=${path}`),
    '--allow-fs-write=.',
    script,
  ];
  return { kind: 'embedded', command: process.execPath, leading, version: '5.1.4', why };
}

type Examined = { readonly fits: true; readonly version: string } | { fits: false; fault: string };

async function examine(command: string): Promise<Examined> {
  try {
    const options = { timeout: PROBE_MS, env: { LANG: 'C' } };
    const [version, encoders] = await Promise.all([
      run(command, ['-hide_banner', '-version'], options),
      run(command, ['-hide_banner', '-encoders'], options),
    ]);
    const name = versionOf(version.stdout);
    if (name === null) return { fits: false, fault: 'it does not say its version' };
    if (!isNewEnough(name)) return { fits: false, fault: `${name} is older than 5.1` };
    const missing = ENCODERS.filter(
      (it) => !new RegExp(`^ A\\S+ +${it} `, 'mu').test(encoders.stdout),
    );
    if (missing.length === 0) return { fits: true, version: name };
    return { fits: false, fault: `it was built without ${missing.join(', ')}` };
  } catch (error) {
    return {
      fits: false,
      fault: `it cannot be run (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}

/** The version in the first line of `ffmpeg -version`, or null. */
export function versionOf(text: string): string | null {
  return /^ffmpeg version (\S+)/u.exec(text)?.[1] ?? null;
}

/** `5.1.9-0+deb12u1`, `n7.1` and development builds (`N-11…`) pass; `4.4.2` does not. */
export function isNewEnough(version: string): boolean {
  const found = /^n?(\d+)\.(\d+)/u.exec(version);
  if (found === null) return /^(N-|git-)/u.test(version);
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
}

/** The first executable of a name in the folders of a search path, or null. */
export async function onPath(
  name: string,
  searchPath = process.env['PATH'],
): Promise<string | null> {
  for (const folder of (searchPath ?? '').split(delimiter).filter(Boolean)) {
    const candidate = join(folder, process.platform === 'win32' ? `${name}.exe` : name);
    try {
      await access(candidate, constants.X_OK);
      return candidate;
    } catch {
      continue;
    }
  }
  return null;
}
