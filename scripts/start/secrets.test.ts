import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSecrets } from './secrets.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tap-story-secrets-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('secrets are made once, for their owner alone, and stay the same', async () => {
  const made = await readSecrets(folder);
  expect(await readSecrets(folder)).toEqual(made);
  expect(await readdir(folder)).toEqual(['secrets.json']);
  expect((await stat(path.join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('two folders have nothing in common', async () => {
  const one = await readSecrets(folder);
  await rm(path.join(folder, 'secrets.json'));
  const other = await readSecrets(folder);
  expect(new Set([...Object.values(one), ...Object.values(other)]).size).toBe(6);
});

test('damaged secrets are never replaced in silence', async () => {
  await writeFile(path.join(folder, 'secrets.json'), '{"LINK_SECRET":"sh');
  await expect(readSecrets(folder)).rejects.toThrow(/damaged/);
});
