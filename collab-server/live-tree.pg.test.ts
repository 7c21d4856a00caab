// A story as whoever has it open sees it grow.
import { describe, expect, test } from 'vitest';
import * as v from 'valibot';
import * as Y from 'yjs';
import { notify } from '#backend/postgres/notices.ts';
import { progressNoticeSchema } from '#domain/protocol/room.ts';
import { readTree } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, synced, useHouse } from './testing/house.ts';
import { publishTake } from './testing/world.ts';

const house = useHouse(freshDatabase, { warmMs: 0 });

describe('the tree', () => {
  test('brings a new take, its states and its voices to whoever looks', async () => {
    const story = await house.plant();
    const client = house.join(story.tree, null);
    await synced(client);
    const [one, two] = await Promise.all(
      [house.jo, house.mira].map((who) =>
        publishTake(house.fresh, {
          storyId: story.storyId,
          parentId: story.seedId,
          authorId: who.user.id,
        }),
      ),
    );
    await eventually(() => {
      const { takes, voices, meta } = readTree(client.doc);
      expect(new Set(takes.map((take) => take.id))).toEqual(new Set([story.seedId, one, two]));
      expect(voices.get(house.jo.user.id)?.name).toBe('Jo');
      expect(meta?.revision).toBe(3);
    });
  });

  test('is the same from two servers, whichever of them writes', async () => {
    const story = await house.plant();
    const other = await house.openNode();
    const [here, there] = [
      house.join(story.tree, null),
      house.join(story.tree, null, { url: other.url }),
    ];
    await Promise.all([synced(here), synced(there)]);
    const ids = new Set<string>([story.seedId]);
    for (let n = 0; n < 10; n += 1) {
      const authorId = n % 2 === 0 ? house.mira.user.id : house.jo.user.id;
      const take = { storyId: story.storyId, parentId: story.seedId, authorId };
      ids.add(await publishTake(house.fresh, take));
    }
    await eventually(() => {
      for (const client of [here, there]) {
        expect(new Set(readTree(client.doc).takes.map((take) => take.id))).toEqual(ids);
      }
      expect(Y.encodeStateVector(here.doc)).toEqual(Y.encodeStateVector(there.doc));
    });
    const clients = [...Y.decodeStateVector(Y.encodeStateVector(here.doc)).keys()];
    expect(clients).toHaveLength(1);
  });

  test('is brought up to date when its notices were lost', async () => {
    const story = await house.plant();
    const client = house.join(story.tree, null);
    await synced(client);
    const listening = `from pg_stat_activity
      where datname = current_database() and query ilike 'listen %'`;
    const cut = await house.fresh.pool.query(`select pid, pg_terminate_backend(pid) ${listening}`);
    const pids = cut.rows.map((row: { pid: number }) => row.pid);
    // Ending takes a moment, in which the connection would still hear.
    await eventually(async () => {
      const left = await house.fresh.pool.query(`select pid ${listening} and pid = any($1)`, [
        pids,
      ]);
      expect(left.rows).toEqual([]);
    });
    const take = { storyId: story.storyId, parentId: story.seedId, authorId: house.jo.user.id };
    const id = await publishTake(house.fresh, take);
    await eventually(() => expect(client.doc.getMap('tree').has(id)).toBe(true));
  });

  test('carries the progress of the worker to everybody in the story', async () => {
    const story = await house.plant();
    const client = house.join(story.tree, null);
    await synced(client);
    const notice = { type: 'progress', takeId: story.seedId, stage: 'ingest', done: 0.5 } as const;
    await notify(house.fresh.db, 'take_progress', { storyId: story.storyId, notice });
    const told = () => client.notices.map((text): unknown => JSON.parse(text));
    await eventually(() => expect(told()).toContainEqual(notice));
    expect(told().filter((said) => v.is(progressNoticeSchema, said))).toEqual([notice]);
  });
});
