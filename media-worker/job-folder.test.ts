import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { removeStaleJobFolders, withJobFolder } from './job-folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'tap-story-folders-'));
  vi.stubEnv('TMPDIR', parent);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(parent, { recursive: true });
});

test('a job has an empty folder of its own, which is gone after it, even if it threw', async () => {
  let folder = '';
  const job = withJobFolder(async (its) => {
    folder = its;
    expect(await readdir(its)).toEqual([]);
    await writeFile(join(its, 'file'), 'x');
    throw new Error('the job broke');
  });
  await expect(job).rejects.toThrow('the job broke');
  expect(folder.startsWith(parent)).toBe(true);
  expect(existsSync(folder)).toBe(false);
});

test('folders of dead workers are removed, those of living ones and of others are not', async () => {
  const { pid: dead } = spawnSync(process.execPath, ['--version']);
  const names = [`tap-story-job-${dead}-a`, `tap-story-job-${process.ppid}-b`, 'somebody-else'];
  for (const name of names) await mkdir(join(parent, name));
  await mkdir(join(parent, `tap-story-job-${process.pid}-c`)); // as in a container, where ours is always 1
  await removeStaleJobFolders();
  expect((await readdir(parent)).toSorted()).toEqual(names.slice(1).toSorted());
});
