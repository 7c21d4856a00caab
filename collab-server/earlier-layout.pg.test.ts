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

/** A story of two takes with its tree of the earlier layout. */
interface Earlier {
  readonly story: TestStory;
  /** The tree as the earlier server has it. */
  readonly doc: Y.Doc;
  /** Somebody's copy. */
  readonly copy: Y.Doc;
}

async function laidOutAsBefore(): Promise<Earlier> {
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
  return { story, doc, copy };
}

const publish = ({ storyId, seedId }: TestStory) =>
  publishTake(house.fresh, { storyId, parentId: seedId, authorId: house.mira.user.id });

async function migrateTrees(): Promise<void> {
  const file = path.join(MIGRATIONS_FOLDER, '0015_trees_of_one_map.sql');
  await house.fresh.pool.query(await readFile(file, 'utf8'));
}

/** What an earlier server that was not stopped writes: it hangs on what is deleted. */
async function writeOn({ story, doc }: Earlier): Promise<void> {
  await migrateTrees();
  const before = Y.encodeStateVector(doc);
  doc.getMap('meta').set('revision', 3);
  const update = Y.encodeStateAsUpdate(doc, before);
  await appendUpdates(house.fresh.db, [{ document: story.tree, update }]);
}

test.each([
  ['that was migrated', migrateTrees, false],
  ['that an earlier server began anew after the migration', () => undefined, true],
  ['that an earlier server goes on writing after the migration', writeOn, false],
])('a tree %s is whole for newcomers and for old copies', async (_, migrate, hasBoth) => {
  const earlier = await laidOutAsBefore();
  const { story, copy } = earlier;
  await migrate(earlier);
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
  expect(newcomer?.doc.share.has('states')).toBe(hasBoth);
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
