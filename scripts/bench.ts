// `npm run bench`: every measurement in turn, so that none disturbs another.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

process.chdir(path.resolve(import.meta.dirname, '..'));
const wanted = process.argv.slice(2);
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
  const child = spawn(process.execPath, [path.join('bench', file)], { stdio: 'inherit' });
  const [code] = await once(child, 'exit');
  if (code !== 0) process.exitCode = 1;
}
