// One person's drafts of a story: who may open them, and that they are as safe as words are.
import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { claimClients } from '#backend/postgres/document-clients.ts';
import { readUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { changeStory, giveRole } from '#backend/story/change-story.ts';
import { CLOSE, roomName } from '#domain/protocol/room.ts';
import { MAX_DRAFT_LENGTH, putDraft, readDrafts, wordsOfDraft } from '#domain/story/draft.ts';
import { storyId, userId, type StoryId, type UserId } from '#domain/story/ids.ts';
import { nthTakeId } from '../tests/arbitraries/paths.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { enter, NoSuchRoom } from './authenticate.ts';
import { STEP } from './frames.ts';
import { eventually, saved, synced, useHouse } from './testing/house.ts';
import {
  person,
  plant,
  type TestClient,
  type TestPerson,
  type TestServer,
  type TestStory,
} from './testing/world.ts';

const house = useHouse(freshDatabase);
let there: TestServer;
let olga: TestPerson;
let jo: TestPerson;
let story: TestStory;

beforeAll(async () => {
  // Hocuspocus prints each connection that a hook ends, with its stack.
  vi.spyOn(console, 'error').mockReturnValue();
  there = await house.openNode();
});

beforeEach(async () => {
  const { fresh } = house;
  [olga, jo] = await Promise.all([person(fresh, 'Olga'), person(fresh, 'Jo')]);
  story = await plant(fresh, olga.user.id, 'Once');
});

const nameOf = (user: UserId, of: StoryId = story.storyId) =>
  roomName({ kind: 'draft', userId: user, storyId: of });
const draft = (n: number, words = 'Once') => ({
  id: nthTakeId(n),
  parentId: story.seedId,
  beganMs: n,
  words,
});

async function join({ url }: TestServer, who: TestPerson, doc = new Y.Doc()): Promise<TestClient> {
  const client = house.join(nameOf(who.user.id), who, { url, doc });
  await synced(client);
  return client;
}

async function stored(document: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  for (const { update } of await readUpdates(house.fresh.db, document)) Y.applyUpdate(doc, update);
  return doc;
}

/** How somebody comes into a document: `w` to write, `r` to read, `-` not at all. */
async function entry(by: TestPerson | null, document: string): Promise<string> {
  try {
    const { readOnly } = await enter(house.fresh.db, document, by?.user ?? null);
    return readOnly ? 'r' : 'w';
  } catch (error) {
    if (error instanceof NoSuchRoom) return '-';
    throw error;
  }
}

describe('drafts', () => {
  test('are written by their author, as long as they may branch the story', async () => {
    const own = nameOf(jo.user.id);
    expect([await entry(jo, own), await entry(olga, own), await entry(null, own)]).toEqual([
      'w',
      '-',
      '-',
    ]);
    await changeStory(house.fresh.db, olga.user, story.storyId, { openness: 'members' });
    expect([await entry(jo, own), await entry(olga, nameOf(olga.user.id))]).toEqual(['r', 'w']);
    for (const [role, way] of [
      ['teller', 'w'],
      ['keeper', 'w'],
      ['commenter', 'r'],
      ['listener', 'r'],
    ] as const) {
      await giveRole(house.fresh.db, olga.user, story.storyId, { userId: jo.user.id, role });
      expect([role, await entry(jo, own)]).toEqual([role, way]);
    }
  });

  test('that are not there are refused as those of others are', async () => {
    const nowhere = nameOf(jo.user.id, storyId(randomUUID()));
    const nobodys = nameOf(userId(randomUUID()));
    expect([await entry(jo, nowhere), await entry(jo, nobodys)]).toEqual(['-', '-']);
    const refused = [nowhere, nobodys, nameOf(olga.user.id)].map((name) => house.join(name, jo));
    await eventually(() => {
      for (const { refusals } of refused) expect(refusals).toEqual(['permission-denied']);
    });
    for (const name of [nowhere, nobodys])
      expect(await readUpdates(house.fresh.db, name)).toEqual([]);
  });

  test('are on every device, on both nodes, and outlive the server', async () => {
    const [phone, laptop] = [await join(house.server, jo), await join(there, jo)];
    putDraft(phone.doc, draft(1));
    await eventually(() => expect(readDrafts(laptop.doc)).toEqual([draft(1)]));
    wordsOfDraft(laptop.doc, nthTakeId(1))?.insert(4, ' upon');
    wordsOfDraft(phone.doc, nthTakeId(1))?.insert(0, '“');
    await eventually(() => {
      expect(readDrafts(phone.doc)).toEqual([draft(1, '“Once upon')]);
      expect(readDrafts(laptop.doc)).toEqual(readDrafts(phone.doc));
    });
    await Promise.all([saved(phone), saved(laptop)]);
    expect(readDrafts(await stored(nameOf(jo.user.id)))).toEqual(readDrafts(phone.doc));
    await compactDocument(house.fresh.db, nameOf(jo.user.id), { merge: mergeIntoState });
    const tablet = await join(await house.openNode(), jo);
    expect(readDrafts(tablet.doc)).toEqual(readDrafts(phone.doc));
  });

  test('written apart by two devices are all there when they meet', async () => {
    const offline = [new Y.Doc(), new Y.Doc()];
    for (const [n, doc] of offline.entries()) putDraft(doc, draft(n, `device ${n}`));
    const devices = await Promise.all(offline.map((doc) => join(house.server, jo, doc)));
    await Promise.all(devices.map(saved));
    await eventually(() => {
      for (const { doc } of devices) {
        expect(readDrafts(doc)).toEqual([draft(0, 'device 0'), draft(1, 'device 1')]);
      }
    });
  });

  test('of somebody who may only read are not written', async () => {
    const writing = await join(house.server, jo);
    putDraft(writing.doc, draft(1));
    await saved(writing);
    await giveRole(house.fresh.db, olga.user, story.storyId, {
      userId: jo.user.id,
      role: 'listener',
    });
    const reading = await house.joinRaw(nameOf(jo.user.id), jo);
    const more = new Y.Doc();
    putDraft(more, draft(2));
    reading.sync(STEP.update, Y.encodeStateAsUpdate(more));
    await eventually(() => expect(reading.saved()).toEqual([false]));
    expect(readDrafts(await stored(nameOf(jo.user.id)))).toEqual([draft(1)]);
  });

  const refused: readonly [string, number, (doc: Y.Doc) => void][] = [
    ['words of a take', CLOSE.unfit, (doc) => doc.getText('words').insert(0, 'x')],
    ['a draft that is a value', CLOSE.unfit, (doc) => doc.getMap('drafts').set(nthTakeId(2), 1)],
    ['a file', CLOSE.unfit, (doc) => wordsOfDraft(doc, nthTakeId(1))?.insertEmbed(2, { x: 1 })],
    [
      'too much',
      CLOSE.tooLarge,
      (doc) => wordsOfDraft(doc, nthTakeId(1))?.insert(2, 'x'.repeat(MAX_DRAFT_LENGTH)),
    ],
  ];
  test.each(refused)('take no %s, and stay as they were', async (_what, code, write) => {
    const honest = await join(house.server, jo);
    putDraft(honest.doc, draft(1));
    await saved(honest);
    const attacker = await house.joinRaw(nameOf(jo.user.id), jo);
    const forged = new Y.Doc();
    Y.applyUpdate(forged, Y.encodeStateAsUpdate(honest.doc));
    write(forged);
    const vector = Y.encodeStateVector(honest.doc);
    attacker.sync(STEP.update, Y.encodeStateAsUpdate(forged, vector));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code }]));
    expect(attacker.saved()).toEqual([]);
    wordsOfDraft(honest.doc, nthTakeId(1))?.insert(4, ' upon');
    await saved(honest);
    const reader = await join(there, jo);
    expect(readDrafts(reader.doc)).toEqual([draft(1, 'Once upon')]);
  });

  test('have no client id of somebody else', async () => {
    await claimClients(house.fresh.db, nameOf(jo.user.id), [77], olga.user.id);
    const attacker = await house.joinRaw(nameOf(jo.user.id), jo);
    const forged = new Y.Doc();
    forged.clientID = 77;
    putDraft(forged, draft(1));
    attacker.sync(STEP.update, Y.encodeStateAsUpdate(forged));
    await eventually(() => expect(attacker.closes).toMatchObject([{ code: CLOSE.notYours }]));
  });
});
