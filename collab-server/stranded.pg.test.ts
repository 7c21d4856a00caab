// Words that follow on somebody else's edit which a node lost before it was saved: they wait for its
// author, and are handed back if nobody comes.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import { enterRaw, type RawSocket } from './testing/raw.ts';
import { PATIENCE, readLogged, until } from './testing/reading.ts';
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
let patient: TestServer;
let impatient: TestServer;
let mira: TestPerson;
let jo: TestPerson;
let story: TestStory;
const leaving: (() => void)[] = [];

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  [patient, impatient] = await Promise.all([
    serve(fresh, { limits: { strandedMs: 600_000 } }),
    serve(fresh, { limits: { strandedMs: 1 } }),
  ]);
  [mira, jo] = await Promise.all([person(fresh, 'Mira'), person(fresh, 'Jo')]);
});

beforeEach(async () => {
  story = await plant(fresh, mira.user.id, 'Base.');
});

afterEach(() => {
  for (const leave of leaving.splice(0)) leave();
});

afterAll(async () => {
  await Promise.all([patient.stopAll(), impatient.stopAll()]);
  await fresh.close();
});

const isSaved = ({ provider }: TestClient) => provider.isSynced && !provider.hasUnsyncedChanges;
const textOf = (doc: Y.Doc) => wordsOf(doc).toJSON();

async function join(who: TestPerson, at: TestServer, doc = new Y.Doc()): Promise<TestClient> {
  const client = connect(at.url, story.words, who, doc);
  leaving.push(() => client.destroy());
  await until('synced', () => client.provider.isSynced);
  return client;
}

async function joinRaw(
  at: TestServer,
  dialect: 'hocuspocus' | 'y-websocket' = 'hocuspocus',
): Promise<RawSocket> {
  const client = await enterRaw(at.url, story.words, jo, dialect);
  leaving.push(() => client.socket.terminate());
  return client;
}

async function handedBack(raw: RawSocket): Promise<void> {
  await vi.waitFor(() => expect(raw.closes).toMatchObject([{ code: CLOSE.stranded }]), PATIENCE);
  expect(raw.saved()).toEqual([]);
}

/** Mira, cut off, with an edit that no server has; and a copy of hers with Jo's words around it. */
async function lostEdit(at: TestServer): Promise<{ author: TestClient; copy: Y.Doc }> {
  const author = await join(mira, at);
  wordsOf(author.doc).insert(5, ' Mira.');
  await until('saved', () => isSaved(author));
  author.provider.configuration.websocketProvider.disconnect();
  await until('cut off', () => !author.provider.isSynced);
  wordsOf(author.doc).insert(11, ' Lost.');
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(author.doc));
  wordsOf(copy).insert(0, 'Jo: ');
  wordsOf(copy).insert(textOf(copy).length, ' Jo.');
  return { author, copy };
}

test('words after a lost edit are asked for again until its author is back, and saved then', async () => {
  const { author, copy } = await lostEdit(patient);
  const writer = await join(jo, patient, copy);
  const raw = await joinRaw(patient);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  const asked = raw.steps().length;
  await until('asked again', () => raw.steps().length > asked);
  expect(raw.steps().slice(asked)).toEqual([STEP.stateVector]);
  expect(raw.saved()).toEqual([]);
  expect(writer.provider.hasUnsyncedChanges).toBe(true);
  // Nothing of what cannot be taken whole: it would be there twice once it is written again.
  expect(await readLogged(fresh, story.words)).toBe('Base. Mira.');
  void author.provider.configuration.websocketProvider.connect();
  await until('all saved', () => isSaved(author) && isSaved(writer));
  expect(await readLogged(fresh, story.words)).toBe('Jo: Base. Mira. Lost. Jo.');
  expect(writer.closes).toEqual([]);
});

test('words around a lost edit are handed back if its author does not come, and saved anew', async () => {
  const { copy } = await lostEdit(impatient);
  const raw = await joinRaw(impatient);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  await handedBack(raw);
  const again = await join(jo, impatient);
  wordsOf(again.doc).insert(textOf(again.doc).length, ' Jo.');
  await until('saved', () => isSaved(again));
  expect(await readLogged(fresh, story.words)).toBe('Base. Mira. Jo.');
});

test('so is the removal of a lost edit, by either framing', async () => {
  const { author, copy } = await lostEdit(impatient);
  const removing = new Y.Doc();
  Y.applyUpdate(removing, Y.encodeStateAsUpdate(author.doc));
  wordsOf(removing).delete(11, 6);
  const raw = await joinRaw(impatient);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(removing));
  const plain = await joinRaw(impatient, 'y-websocket');
  plain.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  await handedBack(raw);
  await handedBack(plain);
  expect(await readLogged(fresh, story.words)).toBe('Base. Mira.');
});
