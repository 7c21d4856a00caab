// Asking for a path as one file: who gets what, how often, and what is said to those who do not.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import { DOWNLOADS_PER_HOUR, MAX_DOWNLOAD_SECONDS } from '#domain/protocol/downloads.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { pathExports, stems, takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from '../story/branch.ts';
import { setHidden } from '../story/change-take.ts';
import { plantStory } from '../story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '../story/testing/publishing.ts';
import { failExport, saveExport } from './export-work.ts';
import { askExport, exportLink, exportStates } from './exports.ts';

const SECOND = 48_000;
const origin = 'https://tap.example';

let database: FreshDatabase;
let deps: Publishing;
let mira: Person;
let jo: Person;
let seed: TakeId;
let leaf: TakeId;

beforeAll(async () => {
  database = await freshDatabase();
  deps = await openPublishing(database);
});
afterAll(async () => {
  await deps.close();
  await database.close();
});

/** A take of so many seconds, ingested, after `parent`. */
async function speak(person: Person, seconds: number, parent?: TakeId): Promise<TakeId> {
  const id = newTakeId();
  const uploadId = await deps.recording(person, seconds * SECOND);
  const body = { kind: 'voice', uploadId, words: '' } as const;
  if (parent === undefined) {
    await plantStory(deps, person, { takeId: id, title: 'The river', body });
  } else {
    const [row] = await deps.db.select().from(takes).where(eq(takes.id, parent));
    if (row === undefined) throw new Error('no parent');
    await branchStory(deps, person, row.storyId, { takeId: id, parentId: parent, body });
  }
  await deps.ingest(id);
  await deps.db.insert(stems).values({
    takeId: id,
    objectKey: `stems/${id}.flac`,
    sha256: id,
    bytes: 1_000,
    durationSamples: seconds * SECOND,
    gainDb: -2,
    silences: [],
    peaks: new Uint8Array(),
    peaks10: new Uint8Array(),
    peaks1: new Uint8Array(),
  });
  return id;
}

beforeEach(async () => {
  mira = await deps.person('Mira');
  jo = await deps.person('Jo');
  seed = await speak(mira, 2);
  leaf = await speak(jo, 5, seed);
});

const ask = (person: Person, format: 'flac' | 'mp3' | 'stems' = 'flac', id = leaf) =>
  askExport(deps, person, { takeId: id, origin, format });
const exportsOf = (id: TakeId) =>
  deps.db.select().from(pathExports).where(eq(pathExports.takeId, id));
async function jobsOf(exportId: string | undefined): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>(
    `select name from pgboss.job where data->>'exportId' = $1 order by name`,
    [exportId],
  );
  return rows.map(({ name }) => name);
}
async function makeReady(): Promise<string> {
  const [row] = await exportsOf(leaf);
  const objectKey = `exports/${row?.id}/${randomUUID()}.flac`;
  await deps.objects.put(objectKey, new Uint8Array([1, 2, 3]), { contentType: 'audio/flac' });
  expect(await saveExport(deps, row?.id ?? '', { objectKey, bytes: 3 })).toBe(true);
  return row?.id ?? '';
}

const refusal = async (work: Promise<unknown>): Promise<Problem> => {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof Problem) return error;
  throw new Error('it was not refused', { cause: error });
};

describe('a path', () => {
  test('is made into a file once, however many ask for it at once', async () => {
    const answers = await Promise.all([mira, jo, mira, jo].map((person) => ask(person)));
    for (const answer of answers) expect(answer.flac).toMatchObject({ state: 'waiting' });
    const rows = await exportsOf(leaf);
    expect(rows).toHaveLength(1);
    expect(await jobsOf(rows[0]?.id)).toEqual(['path.export']);
  });

  test('that is ready is there at once, for a day, under a name that people can read', async () => {
    await ask(jo);
    const exportId = await makeReady();
    const { flac, mp3 } = await ask(mira);
    expect(mp3).toBeNull();
    if (flac?.state !== 'ready') throw new Error('not ready');
    expect(flac.bytes).toBe(3);
    expect(Math.abs(flac.untilMs - Date.now() - 86_400_000)).toBeLessThan(60_000);
    expect(await jobsOf(exportId)).toEqual(['export.sweep', 'path.export']);
    // Whoever may listen may fetch it.
    const link = new URL(await exportLink(deps, null, { takeId: leaf, origin, format: 'flac' }));
    expect(link.searchParams.get('name')).toBe('The river, to Jo.flac');
    const gone = exportLink(deps, null, { takeId: leaf, origin, format: 'mp3' });
    expect((await refusal(gone)).code).toBe('not_found');
  });

  test('whose day is over is not there, and is made again for whoever asks', async () => {
    await ask(jo);
    const exportId = await makeReady();
    await deps.db
      .update(pathExports)
      .set({ until: new Date(0) })
      .where(eq(pathExports.id, exportId));
    expect((await exportStates(deps.db, jo, { takeId: leaf, origin })).flac).toBeNull();
    const link = exportLink(deps, jo, { takeId: leaf, origin, format: 'flac' });
    expect((await refusal(link)).code).toBe('not_found');
    expect((await ask(jo)).flac).toMatchObject({ state: 'waiting' });
    expect((await exportsOf(leaf)).map(({ id }) => id)).not.toContain(exportId);
  });

  test('that could not be made says so, and is tried again when somebody asks', async () => {
    await ask(jo);
    const [row] = await exportsOf(leaf);
    await failExport(deps, row?.id ?? '');
    expect((await exportStates(deps.db, jo, { takeId: leaf, origin })).flac).toEqual({
      state: 'failed',
    });
    expect((await ask(jo)).flac).toMatchObject({ state: 'waiting' });
  });

  test('waits for those that were asked for before it', async () => {
    const { flac } = await ask(jo);
    const { mp3 } = await ask(jo, 'mp3');
    if (flac?.state !== 'waiting' || mp3?.state !== 'waiting') throw new Error('not waiting');
    expect(mp3.ahead).toBe(flac.ahead + 1);
  });

  test('with another title is another file', async () => {
    await ask(jo);
    await database.pool.query(`update stories set title = 'A river' where title = 'The river'`);
    expect((await exportStates(deps.db, jo, { takeId: leaf, origin })).flac).toBeNull();
  });
});

describe('what is hidden', () => {
  test('is in nobody’s file who may not hear it, and in theirs who may', async () => {
    const end = await speak(mira, 7, leaf);
    await ask(jo, 'flac', end);
    await setHidden(deps, jo, { takeId: leaf, hidden: true });
    // Its author hears it still, so theirs is the file that was asked for.
    expect((await exportStates(deps.db, jo, { takeId: end, origin })).flac).not.toBeNull();
    const lou = await deps.person('Lou');
    expect((await exportStates(deps.db, lou, { takeId: end, origin })).flac).toBeNull();
    await ask(lou, 'flac', end);
    await ask(lou, 'stems', end);
    const rows = await deps.db
      .select()
      .from(pathExports)
      .where(eq(pathExports.requestedBy, lou.id));
    expect(rows).toHaveLength(2);
    for (const { spec } of rows) expect(JSON.stringify(spec)).not.toContain(`stems/${leaf}`);
    expect(JSON.stringify(rows)).not.toContain('Jo');
  });

  test('is not there for a stranger, and neither is what nobody published', async () => {
    await setHidden(deps, jo, { takeId: leaf, hidden: true });
    const lou = await deps.person('Lou');
    expect((await refusal(ask(lou))).code).toBe('not_found');
    expect((await refusal(ask(lou, 'flac', takeId(randomUUID())))).code).toBe('not_found');
  });
});

describe('a refusal', () => {
  test('of a path that is too long says how long it is, and how long it may be', async () => {
    const samples = (MAX_DOWNLOAD_SECONDS + 75) * SECOND;
    await database.pool.query(`update takes set duration_samples = $2 where id = $1`, [
      leaf,
      samples,
    ]);
    const problem = await refusal(ask(jo));
    expect(problem.code).toBe('path_too_long');
    expect(problem.message).toContain('1:01:15 long');
    expect(problem.message).toContain('1:00:00');
  });

  test('of one that is not ready asks for patience', async () => {
    await database.pool.query(`update takes set status = 'processing' where id = $1`, [leaf]);
    expect((await refusal(ask(jo))).code).toBe('conflict');
  });

  test('of one on which nobody speaks names what there is', async () => {
    const words = newTakeId();
    await plantStory(deps, jo, {
      takeId: words,
      title: 'Words',
      body: { kind: 'text', words: 'Once.' },
    });
    const problem = await refusal(ask(jo, 'flac', words));
    expect(problem.message).toContain('zip of stems');
    expect((await ask(jo, 'stems', words)).stems).toMatchObject({ state: 'waiting' });
  });

  test('after many in an hour says how many, and what is there already costs nothing', async () => {
    await ask(jo);
    await database.pool.query(
      `insert into path_exports (id, key_sha256, take_id, format, spec, requested_by)
       select gen_random_uuid(), gen_random_uuid()::text, $1, 'mp3', '{}', $2
       from generate_series(2, $3)`,
      [leaf, jo.id, DOWNLOADS_PER_HOUR],
    );
    const problem = await refusal(ask(jo, 'mp3'));
    expect(problem.code).toBe('too_many_requests');
    expect(problem.message).toContain(`${DOWNLOADS_PER_HOUR} downloads`);
    expect((await ask(jo)).flac).toMatchObject({ state: 'waiting' });
    await ask(mira, 'mp3');
  });
});
