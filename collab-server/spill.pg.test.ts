import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { readUpdates, type NewUpdate } from '#backend/postgres/documents.ts';
import { userId } from '#domain/story/ids.ts';
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

const mira = userId('4b0e6f5c-0d6c-4c1f-8a53-0a6d2f0c9d11');
const three: readonly NewUpdate[] = [
  { document: 'take:ä:words', update: new Uint8Array([1, 2, 3]) },
  { document: 'take:b:words', update: new Uint8Array(70_000).fill(7), userId: mira },
  { document: 'take:ä:words', update: new Uint8Array([4]) },
];

async function logged(document: string): Promise<number[][]> {
  const updates = await readUpdates(fresh.db, document);
  return updates.map(({ update }) => [...update.subarray(0, 3)]);
}

/** Who wrote each update of the log. */
async function authors(): Promise<(string | null)[]> {
  const { rows } = await fresh.pool.query<{ user_id: string | null }>(
    'select user_id from document_updates order by seq',
  );
  return rows.map(({ user_id }) => user_id);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
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
  expect(await authors()).toEqual([null, mira, null]);
  expect(await readdir(folder)).toEqual([]);
});

test('a spill of a version that knew no authors is committed all the same', async () => {
  const name = Buffer.from('take:a:words');
  const body = Buffer.concat([uint32(name.byteLength), uint32(2), name, Buffer.from([8, 9])]);
  const digest = createHash('sha256').update(body).digest();
  const file = Buffer.concat([Buffer.from('tapspil1'), uint32(1), digest, body]);
  await writeFile(path.join(folder, '1.spill'), file);
  await replaySpills(folder, fresh);
  expect(await logged('take:a:words')).toEqual([[8, 9]]);
  expect(await authors()).toEqual([null]);
  expect(await readdir(folder)).toEqual([]);
});

test('nothing to spill leaves no file, and no folder is no reason not to start', async () => {
  await spill(folder, [], fresh.log);
  expect(await readdir(folder)).toEqual([]);
  await replaySpills(path.join(folder, 'absent'), fresh);
});

test.each([
  ['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length - 1), [[1, 2, 3]]],
  ['cut off between records', (bytes: Buffer) => bytes.subarray(0, bytes.length - 58), [[1, 2, 3]]],
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
