// Drafts that nobody can open any more are deleted, and no others.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { claimClients } from '#backend/postgres/document-clients.ts';
import { appendUpdates, readUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { RETURN_DAYS } from '#backend/story/delete-story.ts';
import { deleteOrphanedDrafts } from '#backend/story/orphaned-drafts.ts';
import { roomName } from '#domain/protocol/room.ts';
import { putDraft } from '#domain/story/draft.ts';
import { storyId, userId, type StoryId, type UserId } from '#domain/story/ids.ts';
import { nthTakeId } from '../tests/arbitraries/paths.ts';
import { freshDatabase, type FreshDatabase } from '../tests/harness/database.ts';
import { person, plant, serve, type TestPerson, type TestStory } from './testing/world.ts';

let fresh: FreshDatabase;
let olga: TestPerson;
let jo: TestPerson;
let story: TestStory;

beforeAll(async () => {
  fresh = await freshDatabase();
  [olga, jo] = await Promise.all([person(fresh, 'Olga'), person(fresh, 'Jo')]);
  story = await plant(fresh, olga.user.id, 'Once');
});

afterAll(() => fresh.close());

const nameOf = (user: UserId, of: StoryId = story.storyId) =>
  roomName({ kind: 'draft', userId: user, storyId: of });

async function write(document: string, by: UserId): Promise<void> {
  const doc = new Y.Doc();
  putDraft(doc, { id: nthTakeId(1), parentId: nthTakeId(9), beganMs: 1, words: 'Once' });
  await claimClients(fresh.db, document, [doc.clientID], by);
  await appendUpdates(fresh.db, [{ document, update: Y.encodeStateAsUpdate(doc) }]);
}

test('the sweep takes drafts whose story or author is gone, and nothing else', async () => {
  const [kept, storyGone, authorGone, compacted] = [
    nameOf(jo.user.id),
    nameOf(jo.user.id, storyId(randomUUID())),
    nameOf(userId(randomUUID())),
    nameOf(olga.user.id, storyId(randomUUID())),
  ] as const;
  for (const name of [kept, storyGone, authorGone, compacted]) await write(name, jo.user.id);
  await write(story.words, olga.user.id);
  await compactDocument(fresh.db, compacted, { merge: mergeIntoState });
  await deleteOrphanedDrafts(fresh.db);
  for (const name of [storyGone, authorGone, compacted]) {
    expect(await readUpdates(fresh.db, name)).toEqual([]);
  }
  for (const name of [kept, story.words]) {
    expect(await readUpdates(fresh.db, name)).toHaveLength(1);
  }
  const { rows } = await fresh.pool.query(
    'select count(*)::int as left from document_clients where document = any($1)',
    [[storyGone, authorGone, compacted]],
  );
  expect(rows).toEqual([{ left: 0 }]);
  expect(await deleteOrphanedDrafts(fresh.db)).toBe(0);
});

test('the sweep leaves the drafts of a deleted story until it cannot come back', async () => {
  const deleted = await plant(fresh, olga.user.id);
  const name = nameOf(jo.user.id, deleted.storyId);
  await write(name, jo.user.id);
  const ago = (days: number) =>
    fresh.pool.query(
      `update stories set deleted_at = now() - $2::int * interval '1 day' where id = $1`,
      [deleted.storyId, days],
    );
  await ago(RETURN_DAYS - 1);
  await deleteOrphanedDrafts(fresh.db);
  expect(await readUpdates(fresh.db, name)).toHaveLength(1);
  await ago(RETURN_DAYS + 1);
  await deleteOrphanedDrafts(fresh.db);
  expect(await readUpdates(fresh.db, name)).toEqual([]);
});

test('the sweep is begun by a node that starts', async () => {
  const gone = nameOf(jo.user.id, storyId(randomUUID()));
  await write(gone, jo.user.id);
  const node = await serve(fresh);
  await vi.waitFor(async () => expect(await readUpdates(fresh.db, gone)).toEqual([]), {
    timeout: 60_000,
  });
  await node.stopAll();
});
