// What a page is told when its person may do more or less than before, or too much came from it,
// against a real collab-server.
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { changeStory, giveRole } from '#backend/story/change-story.ts';
import { setDeleted } from '#backend/story/delete-story.ts';
import type { Standing } from '#domain/access/policy.ts';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { StoryLink } from '#lib/live/story-link.ts';
import type { Connection } from '#lib/live/connection.ts';
import type { LostWords } from '#lib/words/lost-words.svelte.ts';
import { defaultLimits, type Limits } from '../collab-server/limits.ts';
import {
  headersOf,
  person,
  plant,
  serve,
  socketClass,
  type TestPerson,
  type TestServer,
  type TestStory,
} from '../collab-server/testing/world.ts';
import { freshDatabase, type FreshDatabase } from './harness/database.ts';

let fresh: FreshDatabase;
let server: TestServer;
let olga: TestPerson;
let jo: TestPerson;
let story: TestStory;
const leaving: (() => unknown)[] = [];

beforeAll(async () => {
  // Hocuspocus prints each document that somebody is refused.
  vi.spyOn(console, 'error').mockReturnValue();
  fresh = await freshDatabase();
  server = await serve(fresh);
  [olga, jo] = await Promise.all([person(fresh, 'Olga'), person(fresh, 'Jo')]);
});
beforeEach(async () => {
  story = await plant(fresh, olga.user.id, 'Once.');
});
afterEach(async () => {
  for (const leave of leaving.splice(0).toReversed()) await leave();
});
afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000, interval: 20 });

/** A page of Jo's, and all that its line has told it. */
async function open(at = server) {
  const told = {
    standings: [] as Standing[],
    deleted: [] as boolean[],
    connections: [] as Connection[],
    lost: [] as LostWords[],
  };
  const link = new StoryLink({
    storyId: story.storyId,
    self: jo.user,
    socket: { url: `${at.url}${SOCKET_PATH}`, WebSocket: socketClass(headersOf(jo)) },
    listener: {
      onView: () => undefined,
      onPresence: () => undefined,
      onProgress: () => undefined,
      onConnection: (connection) => told.connections.push(connection),
      onStanding: ({ role, openness }) => told.standings.push({ role, openness }),
      onDeleted: (deleted) => told.deleted.push(deleted),
      onLost: (lost) => told.lost.push(lost),
    },
  });
  leaving.push(() => link.destroy());
  await eventually(() => expect(told.connections).toContain('live'));
  return { link, told };
}

test('a role is there from the start, and again when it changes', async () => {
  const { told } = await open();
  await eventually(() => expect(told.standings).toEqual([{ role: 'teller', openness: 'open' }]));
  await changeStory(fresh.db, olga.user, story.storyId, { openness: 'members' });
  await eventually(() =>
    expect(told.standings.at(-1)).toEqual({ role: 'listener', openness: 'members' }),
  );
});

test('words are closed to the pen and open to it again, and what was written meanwhile is set aside', async () => {
  const { link, told } = await open();
  const words = link.openWords(story.seedId);
  await eventually(() => expect(words.state.status).toBe('saved'));
  words.text.insert(0, 'Before. ');
  await eventually(() => expect(words.state.status).toBe('saved'));
  const give = (role: 'listener' | 'keeper') =>
    giveRole(fresh.db, olga.user, story.storyId, { userId: jo.user.id, role });
  await give('listener');
  await eventually(() => expect(words.state.writable).toBe(false));
  expect(words.text.toJSON()).toBe('Before. Once.');
  words.text.insert(0, 'Meanwhile. ');
  await eventually(() =>
    expect(told.lost).toMatchObject([
      { base: 'Before. Once.', text: 'Meanwhile. Before. Once.', why: 'refused' },
    ]),
  );
  await give('keeper');
  const again = link.openWords(story.seedId);
  await eventually(() => expect(again.state).toMatchObject({ writable: true, status: 'saved' }));
  expect(again.text.toJSON()).toBe('Before. Once.');
  const [lost] = told.lost;
  expect(lost !== undefined && again.putBack(lost)).toBe(true);
  await eventually(() => expect(again.state.status).toBe('saved'));
  expect(again.text.toJSON()).toBe('Meanwhile. Before. Once.');
});

test('a story that is deleted is said to be, and one that comes back to be there', async () => {
  const { told } = await open();
  const { storyId } = story;
  await setDeleted(fresh.db, olga.user, { storyId, deleted: true });
  await eventually(() => expect(told.deleted.at(-1)).toBe(true));
  await setDeleted(fresh.db, olga.user, { storyId, deleted: false });
  await eventually(() => expect(told.deleted.at(-1)).toBe(false));
});

test('a page from which too much came waits as it is asked to, says so, and loses nothing', async () => {
  const few: Limits['perAccount'] = {
    ...defaultLimits.perAccount,
    messages: { atOnce: 40, perSecond: 5 },
  };
  const strict = await serve(fresh, { limits: { perAccount: few } });
  leaving.push(() => strict.stopAll());
  const { link, told } = await open(strict);
  const words = link.openWords(story.seedId);
  await eventually(() => expect(words.state.status).toBe('saved'));
  for (let n = 0; n < 90; n += 1) words.text.insert(0, 'x');
  await eventually(() => expect(told.connections).toContain('waiting'));
  await eventually(() => expect(words.state.status).toBe('saved'));
  expect(told.connections.at(-1)).toBe('live');
  expect(words.text.toJSON()).toBe(`${'x'.repeat(90)}Once.`);
}, 180_000);
