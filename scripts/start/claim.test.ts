import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimFolder } from './claim.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tap-story-claim-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a second launcher is refused while the first one lives, and let in when it has let go', async () => {
  const first = await claimFolder(folder);
  await expect(claimFolder(folder)).rejects.toThrow(/already running.*process \d+/);
  first.release();
  expect((await claimFolder(folder)).tookOver).toBe(false);
});

test('of many that start at once exactly one gets the folder', async () => {
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claimFolder(folder)));
  expect(claims.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('the claim of a killed launcher is taken over, even if its process id is used again', async () => {
  const file = path.join(folder, 'launcher.json');
  await writeFile(file, JSON.stringify({ pid: process.pid, bornAt: '1' }));
  expect((await claimFolder(folder)).tookOver).toBe(true);
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ pid: process.pid });
  expect(await readdir(folder)).toEqual(['launcher.json']);
});

test('a claim that was cut short by a power loss holds nothing', async () => {
  await writeFile(path.join(folder, 'launcher.json'), '{"pid":');
  expect((await claimFolder(folder)).tookOver).toBe(true);
});
