// Earlier words come back as a new edit, and what somebody had forgotten comes back from nowhere.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { giveRole } from '#backend/story/change-story.ts';
import { forgetWords } from '#backend/words/forget.ts';
import { readHistory } from '#backend/words/history.ts';
import { restoreWords } from '#backend/words/restore.ts';
import type { WordsHistory } from '#domain/protocol/commands.ts';
import type { Problem } from '#domain/protocol/problem.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { startTcpProxy } from '../tests/harness/tcp-proxy.ts';
import { enterRaw } from './testing/raw.ts';
import {
  connect,
  person,
  plant,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

let fresh: FreshDatabase;
let mira: TestPerson;
let jo: TestPerson;
let here: TestServer;
let there: TestServer;
let story: TestStory;
const leaving: TestClient[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  [mira, jo] = [await person(fresh, 'Mira'), await person(fresh, 'Jo')];
  [here, there] = await Promise.all([serve(fresh), serve(fresh)]);
});
beforeEach(async () => {
  story = await plant(fresh, mira.user.id, 'Once there was a pier.');
});
afterEach(() => {
  for (const client of leaving.splice(0)) client.destroy();
});
afterAll(async () => {
  await Promise.all([here.stopAll(), there.stopAll()]);
  await fresh.close();
});

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 60_000, interval: 20 });
const textOf = ({ doc }: { readonly doc: Y.Doc }) => wordsOf(doc).toJSON();

async function join(node: TestServer, who: TestPerson, doc?: Y.Doc): Promise<TestClient> {
  const client = connect(node.url, story.words, who, doc);
  leaving.push(client);
  await eventually(() => expect(client.provider.isSynced).toBe(true));
  return client;
}

const saved = ({ provider }: TestClient) =>
  eventually(() => expect(provider.hasUnsyncedChanges).toBe(false));

function replace({ doc }: TestClient, text: string): void {
  doc.transact(() => {
    wordsOf(doc).delete(0, wordsOf(doc).length);
    wordsOf(doc).insert(0, text);
  });
}

const history = (by = mira): Promise<WordsHistory> =>
  readHistory(fresh.db, by.user, { takeId: story.seedId, before: null });
const kinds = async () =>
  (await history()).versions.map(({ kind, by }) => `${kind} ${by?.name ?? '-'}`);

async function restore(by: TestPerson, wanted: WordsHistory['versions'][number] | undefined) {
  const { seq = 0, endedAtMs = 0 } = wanted ?? {};
  const command = { key: randomUUID(), seq, endedAtMs };
  await restoreWords(fresh.db, by.user, { takeId: story.seedId, ...command });
  return command;
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    ({ code }: Problem) => code,
  );

describe('a restore', () => {
  test('undoes misuse in every open editor, as an edit of whoever asked', async () => {
    const [a, b] = await Promise.all([join(here, mira), join(there, jo)]);
    replace(b, 'Ha ha.');
    await saved(b);
    await eventually(() => expect(textOf(a)).toBe('Ha ha.'));
    const before = await history();
    const command = await restore(mira, before.versions.at(-1));
    await eventually(() =>
      expect([textOf(a), textOf(b)]).toEqual(['Once there was a pier.', 'Once there was a pier.']),
    );
    const { rows } = await fresh.pool.query('select words from takes where id = $1', [
      story.seedId,
    ]);
    expect(rows).toEqual([{ words: 'Once there was a pier.' }]);
    expect(await kinds()).toEqual(['restored Mira', 'edit Jo', 'published Mira']);
    expect((await history()).versions.slice(1)).toEqual(before.versions);

    // Sent again, after the words have changed once more, it does nothing more.
    replace(a, 'Mine.');
    await saved(a);
    await restoreWords(fresh.db, mira.user, { takeId: story.seedId, ...command });
    await eventually(() => expect(textOf(b)).toBe('Mine.'));
    expect(await kinds()).toEqual(['edit Mira', 'restored Mira', 'edit Jo', 'published Mira']);
    await eventually(async () =>
      expect(
        (await fresh.pool.query('select words from takes where id = $1', [story.seedId])).rows,
      ).toEqual([{ words: 'Mine.' }]),
    );
  });

  test('is for those who may write, of words as they saw them', async () => {
    const a = await join(here, mira);
    replace(a, 'Mine.');
    await saved(a);
    const { versions } = await history();
    const [newest, published] = versions;
    expect(await refusal(restore(mira, { ...published, endedAtMs: 1 } as typeof published))).toBe(
      'conflict',
    );
    expect(await refusal(restore(mira, { ...newest, seq: 1e9 } as typeof newest))).toBe('conflict');
    const role = (role: 'commenter' | 'teller') =>
      giveRole(fresh.db, mira.user, story.storyId, { userId: jo.user.id, role });
    await role('commenter');
    expect(await refusal(restore(jo, published))).toBe('not_found');
    expect(await refusal(history(jo))).toBe('not_found');
    expect(textOf(a)).toBe('Mine.');
    await role('teller');
    await restore(jo, published);
    await eventually(() => expect(textOf(a)).toBe('Once there was a pier.'));
  });
});

/** Every place where words are stored. */
async function isStored(passage: string): Promise<boolean> {
  const { rows } = await fresh.pool.query<{ found: boolean }>(
    `select exists (select from document_updates where position($1::bytea in update) > 0)
       or exists (select from document_snapshots where position($1::bytea in state) > 0)
       or exists (select from words_versions
                  where position($2 in coalesce(marks::text, '') || coalesce(running::text, '')) > 0)
       or exists (select from takes where position($2 in words) > 0) as found`,
    [Buffer.from(passage), passage],
  );
  return rows[0]?.found ?? true;
}

/** What a newcomer is sent. */
async function sentTo(url: string): Promise<string> {
  const { heard, socket } = await enterRaw(url, story.words, jo);
  socket.terminate();
  return Buffer.concat(heard).toString('latin1');
}

describe('forgetting', () => {
  const secret = '0221-47110815';

  test('takes what was deleted out of everything, and an old tab does not bring it back', async () => {
    const [a, tab] = await Promise.all([join(here, mira), join(there, jo)]);
    wordsOf(a.doc).insert(wordsOf(a.doc).length, ` Call ${secret}!`);
    await saved(a);
    await eventually(() => expect(textOf(tab)).toContain(secret));
    await fresh.pool.query(
      `update document_updates set created_at = created_at - interval '1 hour' where document = $1`,
      [story.words],
    );
    // Jo's tab loses its line, and Jo writes on.
    tab.destroy();
    wordsOf(tab.doc).insert(0, 'Listen. ');
    wordsOf(a.doc).delete('Once there was a pier.'.length, ` Call ${secret}!`.length);
    await saved(a);
    expect(await isStored(secret)).toBe(true);
    expect(JSON.stringify(await history())).toContain(secret);

    await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    expect(await isStored(secret)).toBe(false);
    expect(await kinds()).toEqual(['forgot Mira']);
    expect(textOf(a)).toBe('Once there was a pier.');
    await eventually(async () => {
      const raw = await enterRaw(here.url, story.words, jo);
      const sent = Buffer.concat(raw.heard).toString('latin1');
      raw.socket.terminate();
      expect(sent).toContain('there was a pier');
      expect(sent).not.toContain(secret);
    });

    const back = await join(there, jo, tab.doc);
    await saved(back);
    await eventually(() => {
      for (const client of [a, back]) expect(textOf(client)).toBe('Listen. Once there was a pier.');
    });
    expect(await isStored(secret)).toBe(false);
    expect(await kinds()).toEqual(['edit Jo', 'forgot Mira']);
    await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    expect(await kinds()).toEqual(['forgot Mira']);
  });

  test('is known to a node whose line was down meanwhile', async () => {
    const proxy = await startTcpProxy(fresh.url);
    const away = await serve(fresh, { databaseUrl: proxy.through(fresh.url) });
    const a = await join(away, mira);
    const come = () => sentTo(away.url);
    wordsOf(a.doc).insert(0, `${'Long '.repeat(100)}${secret}`);
    await saved(a);
    expect(await come()).toContain(secret);
    wordsOf(a.doc).delete(500, secret.length);
    await saved(a);
    expect(await come()).toContain(secret);
    proxy.cut();
    await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    proxy.heal();
    await eventually(async () => {
      const sent = await come();
      expect(sent).toContain('there was a pier');
      expect(sent).not.toContain(secret);
    });
    await away.stopAll();
    await proxy.close();
  });

  test('is done again for what was written since, whatever the clocks say', async () => {
    const a = await join(here, mira);
    replace(a, 'First.');
    await saved(a);
    const forget = () => forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    await forget();
    // As a web process may have left it whose clock was ahead.
    await fresh.pool.query(
      `update words_versions set began_at = now() + interval '1 hour', ended_at = now() + interval '1 hour'
       where take_id = $1`,
      [story.seedId],
    );
    replace(a, secret);
    await saved(a);
    replace(a, 'Second.');
    await saved(a);
    expect(await kinds()).toEqual(['forgot Mira', 'edit Mira']);
    await forget();
    expect(await kinds()).toEqual(['forgot Mira']);
    expect(await isStored(secret)).toBe(false);
  });

  test('of one version leaves who and when, and the others; not of the one that stands', async () => {
    const a = await join(here, mira);
    replace(a, 'First.');
    await saved(a);
    const [first] = (await history()).versions;
    const b = await join(here, jo);
    replace(b, 'Second.');
    await saved(b);
    const forget = (by: TestPerson, seq: number | undefined) =>
      refusal(forgetWords(fresh.db, by.user, { takeId: story.seedId, seq: seq ?? null }));
    const [second] = (await history()).versions;
    expect(await forget(jo, first?.seq)).toBe('not_found');
    expect(await forget(mira, second?.seq)).toBe('conflict');
    expect(await forget(mira, 1e9)).toBe('not_found');
    expect(await forget(mira, first?.seq)).toBe('done');
    const { versions } = await history();
    expect(versions.map(({ kind, by, marks }) => [kind, by?.name, marks === null])).toEqual([
      ['edit', 'Jo', false],
      ['edit', 'Mira', true],
      ['published', 'Mira', false],
    ]);
    expect(await refusal(restore(mira, versions[1]))).toBe('conflict');
  });

  test('of words that nobody has opened changes nothing', async () => {
    await forgetWords(fresh.db, mira.user, { takeId: story.seedId, seq: null });
    expect(textOf(await join(here, mira))).toBe('Once there was a pier.');
  });
});
