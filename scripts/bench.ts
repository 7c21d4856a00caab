// `npm run bench`: every measurement in turn, so that none disturbs another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

process.chdir(path.resolve(import.meta.dirname, '..'));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
/** For the measurements: see bench/support/options.ts. */
const flags = process.argv.slice(2).filter((word) => word.startsWith('--'));
const files = (await readdir('bench'))
  .filter((file) => file.endsWith('.bench.ts'))
  .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
  .sort();
if (files.length === 0) {
  process.stdout.write(`no measurement is named ${wanted.join(' or ')}\n`);
  process.exitCode = 1;
}
for (const file of files) {
  process.stdout.write(`\n${file}\n`);
  if (!(await measure(path.join('bench', file)))) process.exitCode = 1;
}

/**
 * Runs one measurement to its end; true if it got there. Its channel to us is how it, and whatever
 * it started, notices that we are gone, however that happened (see bench/run.ts).
 */
async function measure(file: string): Promise<boolean> {
  const child = spawn(process.execPath, [file, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const pass = (signal: NodeJS.Signals): void => {
    child.kill(signal);
    process.exitCode = 1;
    files.length = 0; // and no other is begun
  };
  process.on('SIGINT', pass);
  process.on('SIGTERM', pass);
  const [code] = await once(child, 'exit');
  process.off('SIGINT', pass);
  process.off('SIGTERM', pass);
  return code === 0;
}
