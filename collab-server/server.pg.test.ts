import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import * as encoding from 'lib0/encoding';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { Client } from 'pg';
import * as v from 'valibot';
import * as Y from 'yjs';
import { notify } from '#backend/postgres/notices.ts';
import { CLOSE, progressNoticeSchema, SOCKET_PATH } from '#domain/protocol/room.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import {
  connect,
  connectPlain,
  headersOf,
  ORIGIN,
  person,
  plant,
  publishTake,
  serve,
  type TestClient,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

let fresh: FreshDatabase;
let server: TestServer;
let mira: TestPerson;
let jo: TestPerson;
const leaving: { destroy(): void }[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  server = await serve(fresh, { warmMs: 0 });
  mira = await person(fresh, 'Mira');
  jo = await person(fresh, 'Jo');
});

afterEach(() => {
  for (const client of leaving.splice(0)) client.destroy();
});

afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

function join(
  name: string,
  who: TestPerson | null,
  url = server.url,
  doc = new Y.Doc(),
): TestClient {
  const client = connect(url, name, who, doc);
  leaving.push(client);
  return client;
}

function joinPlain(name: string, who: TestPerson | null) {
  const client = connectPlain(server.url, name, who);
  leaving.push(client);
  return client;
}

const textOf = (client: { doc: Y.Doc }) => wordsOf(client.doc).toJSON();
const eventually = <T>(check: () => T | Promise<T>) =>
  vi.waitFor(check, { timeout: 10_000, interval: 10 });

async function synced(client: TestClient): Promise<void> {
  await eventually(() => expect(client.provider.isSynced).toBe(true));
}

async function saved(client: TestClient): Promise<void> {
  await eventually(() => expect(client.provider.hasUnsyncedChanges).toBe(false));
}

function rowWords(story: TestStory): Promise<unknown> {
  return fresh.pool
    .query<{ words: string }>('select words from takes where id = $1', [story.seedId])
    .then(({ rows }) => rows[0]?.words);
}

async function statusFor(headers: Record<string, string>, path = SOCKET_PATH): Promise<number> {
  const socket = new WebSocket(`${server.url}${path}`, { headers });
  const opened = once(socket, 'open').then(() => 101);
  const refused = new Promise<number>((resolve) => {
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
    });
  });
  socket.on('error', () => undefined);
  const status = await Promise.race([opened, refused]);
  socket.terminate();
  return status;
}

const namesSeenBy = (client: TestClient) =>
  [...(client.provider.awareness?.getStates().values() ?? [])].flatMap((state) =>
    state['user'] === undefined ? [] : [state['user']],
  );

function syncFrame(name: string, update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, 0);
  encoding.writeVarUint(encoder, 2);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}

async function closeAfter(send: (socket: WebSocket) => void): Promise<number> {
  const socket = new WebSocket(`${server.url}${SOCKET_PATH}`, { headers: headersOf(mira) });
  await once(socket, 'open');
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code));
  });
  send(socket);
  return closed;
}

describe('the door', () => {
  test('opens for a person and for a listener, at both addresses', async () => {
    expect(await statusFor(headersOf(mira))).toBe(101);
    expect(await statusFor(headersOf(null))).toBe(101);
    expect(await statusFor(headersOf(null), '/yjs/whatever')).toBe(101);
  });

  test('is closed to another origin, to none, and to one that only begins like ours', async () => {
    expect(await statusFor({ origin: 'https://evil.example', cookie: mira.cookie })).toBe(403);
    expect(await statusFor({ cookie: mira.cookie })).toBe(403);
    expect(await statusFor({ origin: `${ORIGIN}.evil.example` })).toBe(403);
    expect(await statusFor({ origin: 'https://evil.example' }, '/yjs/whatever')).toBe(403);
  });

  test('is closed to a cookie that opens no session', async () => {
    expect(await statusFor({ origin: ORIGIN, cookie: 'session=forged' })).toBe(401);
    expect(await statusFor({ origin: ORIGIN, cookie: 'session=forged' }, '/yjs/x')).toBe(401);
    expect(await statusFor({ origin: ORIGIN, cookie: 'theme=dark' })).toBe(101);
  });

  test('is nowhere else', async () => {
    expect(await statusFor(headersOf(mira), '/elsewhere')).toBe(404);
    expect(await statusFor(headersOf(mira), '/yjs/%E0%A4%A')).toBe(404);
  });

  test('says 503 while sessions cannot be looked up', async () => {
    const blind = await serve(fresh, { databaseUrl: 'postgres://nobody:x@127.0.0.1:59999/none' });
    const socket = new WebSocket(`${blind.url}${SOCKET_PATH}`, { headers: headersOf(mira) });
    socket.on('error', () => undefined);
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    const health = await fetch(`http://127.0.0.1:${blind.port}/health/ready`);
    expect(health.status).toBe(503);
    const live = await fetch(`http://127.0.0.1:${blind.port}/health/live`);
    expect(live.status).toBe(200);
    await blind.stopAll();
  });
});

describe('a document', () => {
  test('that is of no story or take is refused, and nothing is made of it', async () => {
    const { storyId } = await plant(fresh, mira.user.id);
    const names = [
      'anything',
      '__proto__',
      `story:${randomUUID()}`,
      `take:${randomUUID()}:words`,
      `story:${storyId}:x`,
      `story:${storyId.toUpperCase()}`,
    ];
    for (const name of names) {
      const client = join(name, mira);
      await eventually(() =>
        expect([...client.refusals, ...client.closes].length).toBeGreaterThan(0),
      );
      expect(client.provider.isSynced).toBe(false);
    }
    const { rows } = await fresh.pool.query(
      'select 1 from document_updates where document = any($1)',
      [names],
    );
    expect(rows).toEqual([]);
  });

  test('of a story is read by everybody and written by nobody', async () => {
    const story = await plant(fresh, mira.user.id);
    for (const who of [mira, null]) {
      const reader = join(story.tree, who);
      await synced(reader);
      expect(reader.provider.authorizedScope).toBe('readonly');
      expect(readTree(reader.doc).takes.map((take) => take.id)).toEqual([story.seedId]);
      expect(readTree(reader.doc).voices.get(mira.user.id)?.name).toBe('Mira');
    }
    const writer = join(story.tree, mira);
    const witness = join(story.tree, jo);
    await Promise.all([synced(writer), synced(witness)]);
    writer.doc.getMap('takes').set('forged', { id: 'forged' });
    writer.doc.getMap('meta').set('title', 'Mine');
    // A later event reaches both: whatever the write did, it would be there before it.
    const branch = await publishTake(fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: jo.user.id,
    });
    await eventually(() => expect(witness.doc.getMap('takes').has(branch)).toBe(true));
    expect(witness.doc.getMap('takes').has('forged')).toBe(false);
    expect(readTree(witness.doc).meta?.title).toBe('The lighthouse');
    expect(writer.provider.hasUnsyncedChanges).toBe(true);
  });

  test('of words is written by people and only read by listeners', async () => {
    const story = await plant(fresh, mira.user.id, 'Once');
    const [writer, listener] = [join(story.words, mira), join(story.words, null)];
    await Promise.all([synced(writer), synced(listener)]);
    wordsOf(listener.doc).insert(0, 'Never ');
    wordsOf(writer.doc).insert(4, ' upon');
    await saved(writer);
    await eventually(() => expect(textOf(listener)).toContain(' upon'));
    expect(textOf(writer)).toBe('Once upon');
  });
});

describe('words', () => {
  test('begin as the take was published, once, and are mirrored to its row', async () => {
    const story = await plant(fresh, mira.user.id, 'The lamp is lit.');
    const [a, b] = [join(story.words, mira), join(story.words, jo)];
    await Promise.all([synced(a), synced(b)]);
    expect([textOf(a), textOf(b)]).toEqual(['The lamp is lit.', 'The lamp is lit.']);
    wordsOf(a.doc).insert(0, 'At dusk: ');
    wordsOf(b.doc).insert(wordsOf(b.doc).length, ' Nobody comes.');
    const whole = 'At dusk: The lamp is lit. Nobody comes.';
    await eventually(() => expect([textOf(a), textOf(b)]).toEqual([whole, whole]));
    await eventually(async () => expect(await rowWords(story)).toBe(whole));
    a.destroy();
    b.destroy();
    const again = join(story.words, jo);
    await synced(again);
    expect(textOf(again)).toBe(whole);
  });

  test('whose row was left behind by a crash are mirrored when they are opened', async () => {
    const story = await plant(fresh, mira.user.id, 'One');
    const first = join(story.words, mira);
    await synced(first);
    wordsOf(first.doc).insert(3, ' two');
    await eventually(async () => expect(await rowWords(story)).toBe('One two'));
    await fresh.pool.query(`update takes set words = 'One' where id = $1`, [story.seedId]);
    const other = await serve(fresh);
    await synced(join(story.words, mira, other.url));
    await eventually(async () => expect(await rowWords(story)).toBe('One two'));
    await other.stopAll();
  });

  test('that would be too long are refused, and what was there stays', async () => {
    const story = await plant(fresh, mira.user.id, 'Short.');
    const writer = join(story.words, mira);
    await synced(writer);
    wordsOf(writer.doc).insert(0, 'x'.repeat(6_000));
    await eventually(() => expect(writer.closes).toContain(CLOSE.tooLarge));
    writer.destroy();
    const reader = join(story.words, jo);
    await synced(reader);
    expect(textOf(reader)).toBe('Short.');
    wordsOf(reader.doc).insert(0, 'y'.repeat(4_900));
    await saved(reader);
  });
});

describe('"saved"', () => {
  test('is only said after the commit, while others see the edit at once', async () => {
    const story = await plant(fresh, mira.user.id);
    const [a, b] = [join(story.words, mira), join(story.words, jo)];
    await Promise.all([synced(a), synced(b)]);
    await Promise.all([saved(a), saved(b)]);
    const locker = new Client({ connectionString: fresh.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table document_updates in access exclusive mode');
    wordsOf(a.doc).insert(0, 'A');
    await eventually(() => expect(textOf(b)).toBe('A'));
    wordsOf(b.doc).insert(1, 'B');
    await eventually(() => expect(textOf(a)).toBe('AB'));
    // The acknowledgement of A's edit would have come on A's socket before B's edit did.
    expect(a.provider.hasUnsyncedChanges).toBe(true);
    expect(b.provider.hasUnsyncedChanges).toBe(true);
    await locker.query('rollback');
    await locker.end();
    await Promise.all([saved(a), saved(b)]);
    const rows = await fresh.pool.query('select 1 from document_updates where document = $1', [
      story.words,
    ]);
    expect(rows.rows).toHaveLength(2);
  });

  test('keeps a document in memory until it is committed', async () => {
    const story = await plant(fresh, mira.user.id);
    const a = join(story.words, mira);
    await synced(a);
    const locker = new Client({ connectionString: fresh.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table document_updates in exclusive mode');
    const b = join(story.words, jo);
    await synced(b);
    wordsOf(a.doc).insert(0, 'kept');
    await eventually(() => expect(textOf(b)).toBe('kept'));
    a.destroy();
    b.destroy();
    const c = join(story.words, jo);
    await eventually(() => expect(textOf(c)).toBe('kept'));
    await locker.query('rollback');
    await locker.end();
    await saved(c);
  });
});

describe('the tree', () => {
  test('brings a new take, its states and its voices to whoever looks', async () => {
    const story = await plant(fresh, mira.user.id);
    const client = join(story.tree, null);
    await synced(client);
    const [one, two] = await Promise.all(
      [jo, mira].map((who) =>
        publishTake(fresh, {
          storyId: story.storyId,
          parentId: story.seedId,
          authorId: who.user.id,
        }),
      ),
    );
    await eventually(() => {
      const { takes, voices, meta } = readTree(client.doc);
      expect(new Set(takes.map((take) => take.id))).toEqual(new Set([story.seedId, one, two]));
      expect(voices.get(jo.user.id)?.name).toBe('Jo');
      expect(meta?.revision).toBe(3);
    });
  });

  test('is the same from two servers, whichever of them writes', async () => {
    const story = await plant(fresh, mira.user.id);
    const other = await serve(fresh);
    const [here, there] = [join(story.tree, null), join(story.tree, null, other.url)];
    await Promise.all([synced(here), synced(there)]);
    const ids = new Set<string>([story.seedId]);
    for (let n = 0; n < 10; n += 1) {
      const authorId = n % 2 === 0 ? mira.user.id : jo.user.id;
      const take = { storyId: story.storyId, parentId: story.seedId, authorId };
      ids.add(await publishTake(fresh, take));
    }
    await eventually(() => {
      for (const client of [here, there]) {
        expect(new Set(readTree(client.doc).takes.map((take) => take.id))).toEqual(ids);
      }
      expect(Y.encodeStateVector(here.doc)).toEqual(Y.encodeStateVector(there.doc));
    });
    const clients = [...Y.decodeStateVector(Y.encodeStateVector(here.doc)).keys()];
    expect(clients).toHaveLength(1);
    await other.stopAll();
  });

  test('is brought up to date when its notices were lost', async () => {
    const story = await plant(fresh, mira.user.id);
    const client = join(story.tree, null);
    await synced(client);
    const listening = `from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`;
    const cut = await fresh.pool.query(`select pid, pg_terminate_backend(pid) ${listening}`);
    const pids = cut.rows.map((row: { pid: number }) => row.pid);
    // Ending takes a moment, in which the connection would still hear.
    await eventually(async () => {
      const left = await fresh.pool.query(`select pid ${listening} and pid = any($1)`, [pids]);
      expect(left.rows).toEqual([]);
    });
    const take = { storyId: story.storyId, parentId: story.seedId, authorId: jo.user.id };
    const id = await publishTake(fresh, take);
    await eventually(() => expect(client.doc.getMap('takes').has(id)).toBe(true));
  });

  test('carries the progress of the worker to everybody in the story', async () => {
    const story = await plant(fresh, mira.user.id);
    const client = join(story.tree, null);
    await synced(client);
    const notice = { type: 'progress', takeId: story.seedId, stage: 'ingest', done: 0.5 } as const;
    await notify(fresh.db, 'take_progress', { storyId: story.storyId, notice });
    const told = () => client.notices.map((text): unknown => JSON.parse(text));
    await eventually(() => expect(told()).toContainEqual(notice));
    expect(told().filter((said) => v.is(progressNoticeSchema, said))).toEqual([notice]);
  });
});

describe('presence', () => {
  test('is who the session says, whatever the client says', async () => {
    const story = await plant(fresh, mira.user.id);
    const [a, b] = [join(story.tree, mira), join(story.tree, jo)];
    await Promise.all([synced(a), synced(b)]);
    a.provider.awareness?.setLocalState({
      user: { id: jo.user.id, name: 'Jo', hue: 1 },
      recordingOver: story.seedId,
      smuggled: true,
    });
    await eventually(() => {
      const seen = b.provider.awareness?.getStates().get(a.doc.clientID);
      expect(seen).toEqual({ user: mira.user, recordingOver: story.seedId });
    });
  });

  test('of a listener, or that does not parse, is seen by nobody', async () => {
    const story = await plant(fresh, mira.user.id);
    const [listener, forger, witness] = [
      join(story.tree, null),
      join(story.tree, mira),
      join(story.tree, jo),
    ];
    await Promise.all([synced(listener), synced(forger), synced(witness)]);
    listener.provider.awareness?.setLocalState({ user: mira.user });
    forger.provider.awareness?.setLocalState({ recordingOver: 'not a take' });
    const last = join(story.tree, jo);
    await synced(last);
    last.provider.awareness?.setLocalState({ recordingOver: story.seedId });
    await eventually(() =>
      expect(witness.provider.awareness?.getStates().get(last.doc.clientID)).toBeDefined(),
    );
    expect(witness.provider.awareness?.getStates().has(listener.doc.clientID)).toBe(false);
    expect(namesSeenBy(witness)).not.toContainEqual(
      expect.objectContaining({ recordingOver: 'not a take' }),
    );
  });

  test('of a client cannot be taken over by another person', async () => {
    const story = await plant(fresh, mira.user.id);
    const [a, b] = [join(story.words, mira), join(story.words, jo)];
    await Promise.all([synced(a), synced(b)]);
    a.provider.awareness?.setLocalState({ recordingOver: story.seedId });
    const seenByB = () => b.provider.awareness?.getStates().get(a.doc.clientID);
    await eventually(() => expect(seenByB()).toBeDefined());
    const disguise = new Y.Doc();
    disguise.clientID = a.doc.clientID;
    const forged = join(story.words, jo, server.url, disguise);
    await synced(forged);
    for (let n = 0; n < 5; n += 1) forged.provider.awareness?.setLocalState({ caret: null });
    disguise.clientID += 1;
    wordsOf(disguise).insert(0, 'after');
    await eventually(() => expect(textOf(b)).toBe('after'));
    expect(seenByB()).toEqual({ user: mira.user, recordingOver: story.seedId });
  });
});

describe('a hostile frame', () => {
  test('ends its own connection and nothing else', async () => {
    const story = await plant(fresh, mira.user.id);
    const [a, b] = [join(story.words, mira), join(story.words, jo)];
    await Promise.all([synced(a), synced(b)]);
    // "Thirty million structs", in seven bytes.
    const bomb = new Uint8Array([1, 0x80, 0x87, 0xa7, 0x0e, 1, 0]);
    expect(await closeAfter((socket) => socket.send(syncFrame(story.words, bomb)))).toBe(
      CLOSE.malformed,
    );
    expect(await closeAfter((socket) => socket.send(Buffer.from([0xff, 0xff])))).toBe(
      CLOSE.malformed,
    );
    expect(await closeAfter((socket) => socket.send('text'))).toBe(CLOSE.malformed);
    expect(await closeAfter((socket) => socket.send(Buffer.alloc(600 * 1024)))).toBe(1009);
    wordsOf(a.doc).insert(0, 'still here');
    await saved(a);
    await eventually(() => expect(textOf(b)).toBe('still here'));
  });
});

describe('y-websocket', () => {
  test('clients share documents, edits and presence with the others', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const plain = joinPlain(story.words, jo);
    const native = join(story.words, mira);
    await eventually(() => expect(plain.provider.synced).toBe(true));
    await synced(native);
    expect(textOf(plain)).toBe('Base.');
    wordsOf(plain.doc).insert(0, 'plain ');
    wordsOf(native.doc).insert(wordsOf(native.doc).length, ' native');
    await eventually(() => {
      expect(textOf(plain)).toBe('plain Base. native');
      expect(textOf(native)).toBe('plain Base. native');
    });
    plain.provider.awareness.setLocalState({ user: { name: 'Somebody else' } });
    await eventually(() =>
      expect(native.provider.awareness?.getStates().get(plain.doc.clientID)).toEqual({
        user: jo.user,
      }),
    );
  });

  test('listeners read and cannot write, and a document that is not there closes', async () => {
    const story = await plant(fresh, mira.user.id, 'Base.');
    const listener = joinPlain(story.words, null);
    const native = join(story.words, mira);
    await eventually(() => expect(textOf(listener)).toBe('Base.'));
    await synced(native);
    wordsOf(listener.doc).insert(0, 'no ');
    wordsOf(native.doc).insert(5, ' Yes.');
    await eventually(() => expect(textOf(listener)).toBe('no Base. Yes.'));
    expect(textOf(native)).toBe('Base. Yes.');
    const lost = joinPlain(`story:${randomUUID()}`, mira);
    const code = await new Promise((resolve) => {
      lost.provider.on('connection-close', (event) => resolve(event?.code));
    });
    expect(code).toBe(CLOSE.forbidden);
  });
});
