// The embedded ffmpeg as a command: `node wasm.ts <ffmpeg arguments>`, run in a job's folder.
//
// ffmpeg's wasm sees an in-memory file system alone, so the folder is copied in before and what
// changed is copied out after. It runs synchronously: a signal ends the process at once.
import { readFileSync, readdirSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';

interface Core {
  readonly FS: {
    mkdir(path: string): void;
    chdir(path: string): void;
    writeFile(path: string, bytes: Uint8Array): void;
    readFile(path: string): Uint8Array;
    readdir(path: string): string[];
    stat(path: string): { readonly mtime: Date };
    utime(path: string, atimeMs: number, mtimeMs: number): void;
  };
  setLogger(logger: (line: { type: string; message: string }) => void): void;
  exec(...args: string[]): number;
}
type CreateCore = (options: {
  wasmBinary: Uint8Array;
  print?: (line: string) => void;
}) => Promise<Core>;

const FOLDER = '/job';
/** Files that went in carry this time (1970), so whatever differs later was written by ffmpeg. */
const UNTOUCHED_MS = 1_000;

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<never> {
  const core = await loadCore();
  core.setLogger(({ type, message }) => writeLine(type === 'stdout' ? 1 : 2, message));
  core.FS.mkdir(FOLDER);
  core.FS.chdir(FOLDER);
  for (const entry of readdirSync('.', { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    core.FS.writeFile(entry.name, readFileSync(entry.name));
    core.FS.utime(entry.name, UNTOUCHED_MS, UNTOUCHED_MS);
  }
  const code = core.exec(...args);
  for (const name of core.FS.readdir(FOLDER)) {
    if (name === '.' || name === '..') continue;
    if (core.FS.stat(name).mtime.getTime() === UNTOUCHED_MS) continue;
    writeFileSync(name, core.FS.readFile(name));
  }
  process.exit(code === 0 ? 0 : 1);
}

async function loadCore(): Promise<Core> {
  const require = createRequire(import.meta.url);
  const script = require.resolve('@ffmpeg/core');
  // The build is made for web workers; these two names are all that it asks of one.
  Object.assign(globalThis, { self: globalThis, location: { href: script } });
  const create: CreateCore = require(script);
  return create({ wasmBinary: readFileSync(require.resolve('@ffmpeg/core/wasm')) });
}

/** Without the reader (the worker that started us died) there is nobody to work for. */
function writeLine(fd: 1 | 2, line: string): void {
  try {
    writeSync(fd, `${line}\n`);
  } catch (error) {
    const busy = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
    if (!busy) process.exit(1);
  }
}
