// A story of many takes, in its rows, and the log that its life would have left.
import { randomUUID } from 'node:crypto';
import * as Y from 'yjs';
import { appendUpdates } from '#backend/postgres/documents.ts';
import { changesSince } from '#backend/story/changes.ts';
import { writeTree } from '#domain/story/document.ts';
import type { UserId } from '#domain/story/ids.ts';
import { plant, type TestDatabase, type TestStory } from './world.ts';

/** Events of each take that was made by `plantLarge`; the last leaves it as its row is. */
const EVENTS_PER_TAKE = 6;
/** Updates that are appended in one statement. */
const GROUP = 5_000;

/** A planted story with so many takes more, each over the one before it, in rows alone. */
export async function plantLarge(
  fresh: TestDatabase,
  authorId: UserId,
  takes: number,
): Promise<TestStory> {
  const story = await plant(fresh, authorId);
  const { storyId, seedId } = story;
  const ids = Array.from({ length: takes }, () => randomUUID());
  await fresh.pool.query(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status) select id, $1, $2, $3, 'text', 0, 96000, 'ready' from unnest($4::uuid[]) as id`,
    [storyId, seedId, authorId, ids],
  );
  await fresh.pool.query(
    `insert into story_events (story_id, revision, take_id, kind)
     select $1, 1 + n, id, 'published' from unnest($2::uuid[]) with ordinality as take(id, n)`,
    [storyId, ids],
  );
  await fresh.pool.query(`update stories set revision = $2 where id = $1`, [storyId, 1 + takes]);
  return story;
}

/**
 * Writes the log of such a story as if every take had come by itself, and then changed some
 * times: an update for each.
 */
export async function writeLifeInto(
  fresh: TestDatabase,
  { storyId, tree }: TestStory,
): Promise<void> {
  const change = await changesSince(fresh.db, storyId, 0);
  if (change === null) throw new Error('a story without events');
  const doc = new Y.Doc();
  doc.clientID = 1;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => void updates.push(update));
  const { meta, voices } = change;
  for (const [n, take] of change.takes.entries()) {
    for (let left = EVENTS_PER_TAKE - 1; left >= 0; left -= 1) {
      const state = left === 0 ? take.state : { ...take.state, likes: left };
      writeTree(doc, { meta: { ...meta, revision: n + 1 }, takes: [{ ...take, state }], voices });
    }
  }
  for (let at = 0; at < updates.length; at += GROUP) {
    const group = updates.slice(at, at + GROUP);
    await appendUpdates(
      fresh.db,
      group.map((update) => ({ document: tree, update })),
    );
  }
}
