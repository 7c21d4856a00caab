// Words that follow on somebody else's edit which a node lost before it was saved: they wait for its
// author, and are handed back if nobody comes.
import { beforeAll, beforeEach, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import { isSaved, synced, useHouse } from './testing/house.ts';
import type { Framing, RawSocket } from './testing/raw.ts';
import { PATIENCE, readLogged, until } from './testing/reading.ts';
import type { TestClient, TestPerson, TestServer, TestStory } from './testing/world.ts';

/** At the house's own server nobody waits for what is lost. */
const house = useHouse(freshDatabase, { limits: { strandedMs: 1 } });
let patient: TestServer;
let story: TestStory;

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  patient = await house.openNode({ limits: { strandedMs: 600_000 } });
});

beforeEach(async () => {
  story = await house.plant('Base.');
});

const textOf = (doc: Y.Doc) => wordsOf(doc).toJSON();

async function join(who: TestPerson, { url }: TestServer, doc = new Y.Doc()): Promise<TestClient> {
  const client = house.join(story.words, who, { url, doc });
  await synced(client);
  return client;
}

const joinRaw = ({ url }: TestServer, dialect: Framing = 'hocuspocus'): Promise<RawSocket> =>
  house.joinRaw(story.words, house.jo, { url, dialect });

async function handedBack(raw: RawSocket): Promise<void> {
  await vi.waitFor(() => expect(raw.closes).toMatchObject([{ code: CLOSE.stranded }]), PATIENCE);
  expect(raw.saved()).toEqual([]);
}

/** Mira, cut off, with an edit that no server has; and a copy of hers with Jo's words around it. */
async function lostEdit(at: TestServer): Promise<{ author: TestClient; copy: Y.Doc }> {
  const author = await join(house.mira, at);
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
  const writer = await join(house.jo, patient, copy);
  const raw = await joinRaw(patient);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  const asked = raw.steps().length;
  await until('asked again', () => raw.steps().length > asked);
  expect(raw.steps().slice(asked)).toEqual([STEP.stateVector]);
  expect(raw.saved()).toEqual([]);
  expect(writer.provider.hasUnsyncedChanges).toBe(true);
  // Nothing of what cannot be taken whole: it would be there twice once it is written again.
  expect(await readLogged(house.fresh, story.words)).toBe('Base. Mira.');
  void author.provider.configuration.websocketProvider.connect();
  await until('all saved', () => isSaved(author) && isSaved(writer));
  expect(await readLogged(house.fresh, story.words)).toBe('Jo: Base. Mira. Lost. Jo.');
  expect(writer.closes).toEqual([]);
});

test('words around a lost edit are handed back if its author does not come, and saved anew', async () => {
  const { copy } = await lostEdit(house.server);
  const raw = await joinRaw(house.server);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  await handedBack(raw);
  const again = await join(house.jo, house.server);
  wordsOf(again.doc).insert(textOf(again.doc).length, ' Jo.');
  await until('saved', () => isSaved(again));
  expect(await readLogged(house.fresh, story.words)).toBe('Base. Mira. Jo.');
});

test('so is the removal of a lost edit, by either framing', async () => {
  const { author, copy } = await lostEdit(house.server);
  const removing = new Y.Doc();
  Y.applyUpdate(removing, Y.encodeStateAsUpdate(author.doc));
  wordsOf(removing).delete(11, 6);
  const raw = await joinRaw(house.server);
  raw.sync(STEP.reply, Y.encodeStateAsUpdate(removing));
  const plain = await joinRaw(house.server, 'y-websocket');
  plain.sync(STEP.reply, Y.encodeStateAsUpdate(copy));
  await handedBack(raw);
  await handedBack(plain);
  expect(await readLogged(house.fresh, story.words)).toBe('Base. Mira.');
});
