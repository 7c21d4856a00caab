import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { changeStory, giveRole } from '#backend/story/change-story.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import { setHidden, setLiked } from '#backend/story/change-take.ts';
import { TreeLog } from '#backend/story/tree-log.ts';
import { roomName } from '#domain/protocol/room.ts';
import { readTree } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { enter, NoSuchRoom } from './authenticate.ts';
import { person, plant, publishTake, type TestPerson, type TestStory } from './testing/world.ts';

let fresh: FreshDatabase;
let queue: Queue;
let olga: TestPerson;
let jo: TestPerson;
let story: TestStory;

beforeAll(async () => {
  fresh = await freshDatabase();
  queue = await openQueue(fresh.url, { log: fresh.log });
});
beforeEach(async () => {
  [olga, jo] = await Promise.all([person(fresh, 'Olga'), person(fresh, 'Jo')]);
  story = await plant(fresh, olga.user.id, 'Once');
});
afterAll(async () => {
  await queue.stop();
  await fresh.close();
});

/** How somebody comes into the words of a take: `w` to write, `r` to read, `-` not at all. */
async function words(by: TestPerson | null, document = story.words): Promise<string> {
  try {
    const { readOnly } = await enter(fresh.db, document, by?.user ?? null);
    return readOnly ? 'r' : 'w';
  } catch (error) {
    if (error instanceof NoSuchRoom) return '-';
    throw error;
  }
}

const give = (role: 'keeper' | 'teller' | 'commenter' | 'listener') =>
  giveRole(fresh.db, olga.user, story.storyId, { userId: jo.user.id, role });

test('words are written by those whose role allows it', async () => {
  expect([await words(olga), await words(jo), await words(null)]).toEqual(['w', 'w', 'r']);
  await changeStory(fresh.db, olga.user, story.storyId, { openness: 'members' });
  expect([await words(olga), await words(jo), await words(null)]).toEqual(['w', 'r', 'r']);
  const own = roomName({
    kind: 'words',
    takeId: await publishTake(fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: jo.user.id,
    }),
  });
  const both = async () => [await words(jo), await words(jo, own)];
  expect(await both()).toEqual(['r', 'r']);
  await give('teller');
  expect(await both()).toEqual(['r', 'w']);
  await give('keeper');
  expect(await both()).toEqual(['w', 'w']);
  await give('commenter');
  expect(await both()).toEqual(['r', 'r']);
});

test('the words of a hidden take are no room to others', async () => {
  await setHidden({ db: fresh.db, queue }, olga.user, { takeId: story.seedId, hidden: true });
  expect([await words(olga), await words(jo), await words(null)]).toEqual(['w', '-', '-']);
  await give('keeper');
  expect(await words(jo)).toBe('w');
});

test('likes, tombstones and titles reach the tree', async () => {
  const tree = new TreeLog(story.storyId);
  await tree.catchUp(fresh.db);
  await setLiked(fresh.db, jo.user, { takeId: story.seedId, liked: true });
  await setHidden({ db: fresh.db, queue }, olga.user, { takeId: story.seedId, hidden: true });
  await changeStory(fresh.db, olga.user, story.storyId, { title: 'Dark' });
  await tree.catchUp(fresh.db);
  expect(readTree(tree.doc).meta?.title).toBe('Dark');
  expect(readTree(tree.doc).takes[0]?.state).toMatchObject({ likes: 1, hidden: true });
});
