// Builds the web process' code, when it is not the build of the sources that are here.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { StartError } from './start-error.ts';

/** What ends up in the build. Tests do not, but to leave them out would cost more than a build. */
const SOURCES = [
  '{web,domain,backend,drizzle}/**/*',
  'package{,-lock}.json',
  'svelte.config.js',
  'tsconfig.base.json',
];
const GENERATED = /(^|\/)(node_modules|\.svelte-kit|build|test-results)(\/|$)/;

/**
 * Makes `build/web` fit the sources under `root`.
 * @returns whether it had to be built
 * @throws {StartError} with the compiler's output
 */
export async function buildWeb(
  root: string,
  { signal, onBuild }: { signal: AbortSignal; onBuild: () => void },
): Promise<boolean> {
  const stamp = path.join(root, 'build/web/sources.sha256');
  const wanted = await hashSources(root);
  const found = await readFile(stamp, 'utf8').catch(() => '');
  if (found === wanted) return false;
  onBuild();
  // Gone before the build begins, so that one that is cut short is never taken for finished.
  await rm(stamp, { force: true });
  const output: Buffer[] = [];
  const vite = path.join(root, 'node_modules/vite/bin/vite.js');
  const child = spawn(process.execPath, [vite, 'build', 'web'], {
    cwd: root,
    signal,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  const [code] = await once(child, 'close');
  if (code !== 0) {
    throw new StartError(`the web build failed:\n${Buffer.concat(output).toString().trim()}`);
  }
  await mkdir(path.dirname(stamp), { recursive: true });
  await writeFile(stamp, wanted);
  return true;
}

/** One hash over names and contents of all sources, in a fixed order. */
export async function hashSources(root: string): Promise<string> {
  const names: string[] = [];
  const entries = glob(SOURCES, {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => GENERATED.test(entry.name),
  });
  for await (const entry of entries) {
    if (entry.isFile()) names.push(path.join(entry.parentPath, entry.name));
  }
  const hash = createHash('sha256').update(process.versions.modules);
  for (const name of names.sort()) {
    hash.update(`\0${path.relative(root, name)}\0`).update(await readFile(name));
  }
  return hash.digest('hex');
}
