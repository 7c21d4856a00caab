// The log becomes snapshots, and nobody who reads or writes can tell.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument, type CompactionStep } from '#backend/postgres/compaction.ts';
import { appendUpdates, readUpdates } from '#backend/postgres/documents.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import {
  connect,
  person,
  plant,
  publishTake,
  serve,
  type TestClient,
  type TestPerson,
} from './testing/world.ts';

const dying = new URL('testing/compact-and-die.ts', import.meta.url);

let fresh: FreshDatabase;
let mira: TestPerson;
const leaving: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  mira = await person(fresh, 'Mira');
});

afterEach(async () => {
  for (const leave of leaving.splice(0)) await leave();
});

afterAll(() => fresh.close());

/** Somebody who writes straight into the log, a token at a time. */
function scribe(document: string) {
  const doc = new Y.Doc();
  const tokens: string[] = [];
  const write = async (token: string): Promise<number> => {
    const before = Y.encodeStateVector(doc);
    wordsOf(doc).insert(wordsOf(doc).length, token);
    tokens.push(token);
    const update = Y.encodeStateAsUpdate(doc, before);
    const [seq = 0] = await appendUpdates(fresh.db, [{ document, update }]);
    return seq;
  };
  return { doc, write, text: () => tokens.join('') };
}

async function stored(document: string, afterSeq = 0, doc = new Y.Doc()): Promise<string> {
  for (const { update } of await readUpdates(fresh.db, document, afterSeq)) {
    Y.applyUpdate(doc, update);
  }
  expect(doc.store.pendingStructs).toBeNull();
  return wordsOf(doc).toJSON();
}

async function rowsOf(document: string): Promise<[logged: number, snapshots: number]> {
  const { rows } = await fresh.pool.query<{ logged: number; snapshots: number }>(
    `select (select count(*)::int from document_updates where document = $1) as logged,
            (select count(*)::int from document_snapshots where document = $1) as snapshots`,
    [document],
  );
  return [rows[0]?.logged ?? -1, rows[0]?.snapshots ?? -1];
}

const compact = (document: string, onStep?: (step: CompactionStep) => Promise<void> | void) =>
  compactDocument(fresh.db, document, { merge: mergeIntoState, ...(onStep && { onStep }) });

describe('a compaction', () => {
  test('leaves one snapshot, which readers from every number get what they lack from', async () => {
    const { write, text, doc } = scribe('take:a:words');
    const seqs = [await write('one '), await write('two '), await write('three ')];
    const early = new Y.Doc();
    await stored('take:a:words', 0, early);
    expect(await compact('take:a:words')).toBe(3);
    expect(await rowsOf('take:a:words')).toEqual([0, 1]);
    await write('four ');
    expect(await stored('take:a:words')).toBe(text());
    // Whoever has all that was compacted gets the rest alone.
    expect(await readUpdates(fresh.db, 'take:a:words', seqs[2])).toHaveLength(1);
    // Whoever lacks some of it gets the snapshot.
    expect(await readUpdates(fresh.db, 'take:a:words', seqs[1])).toHaveLength(2);
    expect(await stored('take:a:words', seqs[2], early)).toBe(text());
    expect(await compact('take:a:words')).toBe(1);
    expect(await stored('take:a:words')).toBe(text());
    expect(wordsOf(doc).toJSON()).toBe(text());
  });

  test('keeps an update whose number is lower than what it took in', async () => {
    const document = 'take:late:words';
    const [late, other] = [scribe(document), scribe(document)];
    const slow = await fresh.pool.connect();
    await slow.query('begin');
    wordsOf(late.doc).insert(0, 'late ');
    await slow.query('insert into document_updates (document, update) values ($1, $2)', [
      document,
      Buffer.from(Y.encodeStateAsUpdate(late.doc)),
    ]);
    await other.write('early ');
    expect(await compact(document)).toBe(1);
    await slow.query('commit');
    slow.release();
    expect((await stored(document)).split(' ').toSorted()).toEqual(['', 'early', 'late']);
    expect(await compact(document)).toBe(1);
    expect((await stored(document)).split(' ').toSorted()).toEqual(['', 'early', 'late']);
  });

  test('keeps nothing of what was erased', async () => {
    const document = 'take:erased:words';
    const { write, doc } = scribe(document);
    await write('my telephone number');
    const before = Y.encodeStateVector(doc);
    wordsOf(doc).delete(0, wordsOf(doc).length);
    await appendUpdates(fresh.db, [{ document, update: Y.encodeStateAsUpdate(doc, before) }]);
    await compact(document);
    const [snapshot] = await readUpdates(fresh.db, document);
    expect(Buffer.from(snapshot?.update ?? []).includes('telephone')).toBe(false);
    expect(await stored(document)).toBe('');
  });

  test('touches no other document', async () => {
    const [one, two] = [scribe('take:one:words'), scribe('take:two:words')];
    await one.write('one');
    await two.write('two');
    await compact('take:one:words');
    expect(await rowsOf('take:two:words')).toEqual([1, 0]);
    expect(await stored('take:two:words')).toBe('two');
  });

  test.each([
    'locked',
    'read',
    'merged',
    'kept',
    'written',
    'deleted',
    'committed',
  ] satisfies CompactionStep[])('killed once it has %s loses nothing', async (step) => {
    const document = `take:${step}:words`;
    const { write, text } = scribe(document);
    await write('zero ');
    await compact(document);
    for (const token of ['one ', 'two ', 'three ']) await write(token);
    const child = fork(dying, [fresh.url, document, step], { stdio: 'ignore' });
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    expect(await rowsOf(document)).toEqual([step === 'committed' ? 0 : 3, 1]);
    expect(await stored(document)).toBe(text());
    await write('after ');
    // The next one is let in as soon as Postgres has noticed, too.
    await vi.waitFor(async () => expect(await compact(document)).toBeGreaterThan(0), 50_000);
    expect(await stored(document)).toBe(text());
    expect(await rowsOf(document)).toEqual([0, 1]);
  });

  test('and another one of the same document do not meet, while people write', async () => {
    const document = 'take:busy:words';
    const { write, text } = scribe(document);
    for (let n = 0; n < 20; n += 1) await write(`${n};`);
    let others = 0;
    const compacted = await compact(document, async (step) => {
      await write(`while ${step};`);
      if (step !== 'committed') others += await compact(document);
    });
    expect([compacted, others]).toEqual([21, 0]);
    expect(await stored(document)).toBe(text());
    const racing = Array.from({ length: 8 }, async () => {
      for (let n = 0; n < 10; n += 1) await compact(document);
    });
    for (let n = 0; n < 50; n += 1) await write(`race ${n};`);
    await Promise.all(racing);
    expect(await stored(document)).toBe(text());
  });
});

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 50_000, interval: 20 });

async function twoNodes() {
  const nodes = await Promise.all([serve(fresh), serve(fresh)]);
  leaving.push(async () => void (await Promise.all(nodes.map((node) => node.stopAll()))));
  return nodes;
}

async function join(url: string, name: string): Promise<TestClient> {
  const client = connect(url, name, mira);
  leaving.push(() => client.destroy());
  await eventually(() => expect(client.provider.isSynced).toBe(true));
  return client;
}

describe('the collab-server', () => {
  test('compacts a log that has grown, on both nodes, while people write on both', async () => {
    const story = await plant(fresh, mira.user.id);
    const [here, there] = await twoNodes();
    const [a, b] = [await join(here.url, story.words), await join(there.url, story.words)];
    const written = 400;
    for (let n = 0; n < written; n += 1) {
      wordsOf(a.doc).insert(0, `a${n};`);
      wordsOf(b.doc).insert(0, `b${n};`);
      // So they arrive one by one, and go on arriving while the first are compacted.
      await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(async () => expect((await rowsOf(story.words))[1]).toBe(1));
    await eventually(() => {
      expect(wordsOf(a.doc).toJSON().split(';')).toHaveLength(2 * written + 1);
      expect(wordsOf(b.doc).toJSON()).toBe(wordsOf(a.doc).toJSON());
      expect(a.provider.hasUnsyncedChanges || b.provider.hasUnsyncedChanges).toBe(false);
    });
    expect(await stored(story.words)).toBe(wordsOf(a.doc).toJSON());
  });

  test('goes on with a tree and with words that another node compacted under it', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const [here, there] = await twoNodes();
    const take = { storyId: story.storyId, parentId: story.seedId, authorId: mira.user.id };
    const [tree, words] = [await join(here.url, story.tree), await join(here.url, story.words)];
    const ids = new Set<string>([story.seedId]);
    for (let n = 0; n < 5; n += 1) {
      ids.add(await publishTake(fresh, take));
      wordsOf(words.doc).insert(0, `${n};`);
      await eventually(() => expect(tree.doc.getMap('tree').size).toBe(ids.size));
      await eventually(() => expect(words.provider.hasUnsyncedChanges).toBe(false));
      expect(await compact(story.tree)).toBeGreaterThan(0);
      expect(await compact(story.words)).toBeGreaterThan(0);
    }
    const [freshTree, freshWords] = [
      await join(there.url, story.tree),
      await join(there.url, story.words),
    ];
    ids.add(await publishTake(fresh, take));
    await eventually(() => {
      expect(new Set(readTree(freshTree.doc).takes.map(({ id }) => id))).toEqual(ids);
      expect(new Set(readTree(tree.doc).takes.map(({ id }) => id))).toEqual(ids);
      expect(Y.encodeStateVector(freshTree.doc)).toEqual(Y.encodeStateVector(tree.doc));
    });
    expect(wordsOf(freshWords.doc).toJSON()).toBe('4;3;2;1;0;Base.');
    wordsOf(freshWords.doc).insert(0, 'there ');
    await eventually(() => expect(wordsOf(words.doc).toJSON()).toBe('there 4;3;2;1;0;Base.'));
  });
});
