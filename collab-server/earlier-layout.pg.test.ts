// Trees as earlier versions laid them out: whoever opens one is served today's.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { appendUpdates } from '#backend/postgres/documents.ts';
import { MIGRATIONS_FOLDER } from '#backend/postgres/migrate.ts';
import { changesSince } from '#backend/story/changes.ts';
import { checkStory } from '#backend/story/check-story.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, useHouse } from './testing/house.ts';
import { publishTake, type TestStory } from './testing/world.ts';

vi.setConfig({ testTimeout: 180_000 });

const house = useHouse(freshDatabase);

/** A story of two takes with its tree of the earlier layout, and somebody's copy of that. */
async function laidOutAsBefore(): Promise<{ story: TestStory; copy: Y.Doc }> {
  const story = await house.plant();
  await publish(story);
  const rows = await changesSince(house.fresh.db, story.storyId, 0);
  if (rows === null) throw new Error('a story without events');
  const [doc, copy] = [new Y.Doc(), new Y.Doc()];
  for (const [key, value] of Object.entries(rows.meta)) doc.getMap('meta').set(key, value);
  for (const voice of rows.voices) doc.getMap('voices').set(voice.id, voice);
  for (const { facts, state } of rows.takes) {
    doc.getMap('takes').set(facts.id, facts);
    doc.getMap('states').set(facts.id, state);
  }
  const update = Y.encodeStateAsUpdate(doc);
  Y.applyUpdate(copy, update);
  await appendUpdates(house.fresh.db, [{ document: story.tree, update }]);
  return { story, copy };
}

const publish = ({ storyId, seedId }: TestStory) =>
  publishTake(house.fresh, { storyId, parentId: seedId, authorId: house.mira.user.id });

async function migrateTrees(): Promise<void> {
  const file = path.join(MIGRATIONS_FOLDER, '0015_trees_of_one_map.sql');
  await house.fresh.pool.query(await readFile(file, 'utf8'));
}

test.each([
  ['that was migrated', migrateTrees],
  ['that an earlier server began anew after the migration', () => undefined],
])('a tree %s is whole for newcomers and for old copies', async (_, migrate) => {
  const { story, copy } = await laidOutAsBefore();
  await migrate();
  const [newcomer, back] = [undefined, copy].map((doc) =>
    house.join(story.tree, house.mira, doc && { doc }),
  );
  const haveAll = (takes: number) =>
    eventually(() => {
      for (const client of [newcomer, back]) {
        const view = readTree(client?.doc ?? new Y.Doc());
        expect(view.takes).toHaveLength(takes);
        expect(view.meta).toMatchObject({ title: 'The lighthouse', revision: takes });
      }
    });
  await haveAll(2);
  await publish(story);
  await haveAll(3);
  expect(newcomer?.doc.share.has('states')).toBe(migrate !== migrateTrees);
  expect(await checkStory(house.fresh.db, story.storyId)).toEqual([]);
});

test('words are none the worse for the migration of trees', async () => {
  const story = await house.plant('Once');
  const writer = house.join(story.words, house.mira);
  await eventually(() => expect(writer.provider.isSynced).toBe(true));
  wordsOf(writer.doc).insert(4, ' upon');
  await eventually(() => expect(writer.provider.hasUnsyncedChanges).toBe(false));
  await house.leave();
  await migrateTrees();
  const { url } = await house.openNode();
  const reader = house.join(story.words, house.jo, { url });
  await eventually(() => expect(wordsOf(reader.doc).toJSON()).toBe('Once upon'));
});
