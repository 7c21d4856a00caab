import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readUpdates, type NewUpdate } from '#backend/postgres/documents.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { replaySpills, spill } from './spill.ts';

let fresh: FreshDatabase;
let folder: string;

beforeAll(async () => {
  fresh = await freshDatabase();
});
afterAll(() => fresh.close());
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'tap-story-spill-'));
  await fresh.pool.query('truncate document_updates');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const three: readonly NewUpdate[] = [
  { document: 'take:ä:words', update: new Uint8Array([1, 2, 3]) },
  { document: 'take:b:words', update: new Uint8Array(70_000).fill(7) },
  { document: 'take:ä:words', update: new Uint8Array([4]) },
];

async function logged(document: string): Promise<number[][]> {
  const updates = await readUpdates(fresh.db, document);
  return updates.map(({ update }) => [...update.subarray(0, 3)]);
}

async function onlyFile(): Promise<string> {
  const [name = '', ...more] = await readdir(folder);
  expect(more).toEqual([]);
  return path.join(folder, name);
}

test('what was spilled is committed in its order, once, and the file is gone', async () => {
  await spill(folder, three, fresh.log);
  await replaySpills(folder, fresh);
  await replaySpills(folder, fresh);
  expect(await logged('take:ä:words')).toEqual([[1, 2, 3], [4]]);
  expect(await logged('take:b:words')).toEqual([[7, 7, 7]]);
  expect(await readdir(folder)).toEqual([]);
});

test('nothing to spill leaves no file, and no folder is no reason not to start', async () => {
  await spill(folder, [], fresh.log);
  expect(await readdir(folder)).toEqual([]);
  await replaySpills(path.join(folder, 'absent'), fresh);
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), [[1, 2, 3]]],
  ['cut off between records', (bytes: Buffer) => bytes.subarray(0, bytes.length - 54), [[1, 2, 3]]],
  ['changed at its end', flipped(-1), [[1, 2, 3]]],
  ['changed at its beginning', flipped(0), []],
  ['empty', () => Buffer.alloc(0), []],
])('of a spill that is %s, what is whole is committed and the file is kept', async (...of) => {
  const [, damage, expected] = of;
  await spill(folder, three, fresh.log);
  const file = await onlyFile();
  await writeFile(file, damage(await readFile(file)));
  await replaySpills(folder, fresh);
  expect(await logged('take:ä:words')).toEqual(expected);
  expect(await onlyFile()).toBe(`${file}.damaged`);
});

test('a spill that was not finished is not taken for one', async () => {
  await writeFile(path.join(folder, '1.spill.part'), 'tapspil1');
  await replaySpills(folder, fresh);
  expect(await onlyFile()).toMatch(/\.part$/u);
});

function flipped(at: number) {
  return (bytes: Buffer): Buffer => {
    const changed = Buffer.from(bytes);
    const index = at < 0 ? changed.length + at : at;
    changed[index] = (changed[index] ?? 0) ^ 1;
    return changed;
  };
}
