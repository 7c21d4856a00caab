// Words that two pages have open, and when they are called saved.
import { describe, expect, test } from 'vitest';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { eventually, useHouse } from '../collab-server/testing/house.ts';
import type { TestStory } from '../collab-server/testing/world.ts';
import { freshDatabase } from './harness/database.ts';
import { becomes, holdCommits, live, LivePages, names } from './harness/live-page.ts';

const house = useHouse(freshDatabase);
const pages = new LivePages(house);

async function inLog(story: TestStory): Promise<number> {
  const { rows } = await house.fresh.pool.query<{ bytes: number }>(
    'select coalesce(sum(length(update)), 0)::int as bytes from document_updates where document = $1',
    [story.words],
  );
  return rows[0]?.bytes ?? 0;
}

/** Mira and Jo have the words of the same take open; Jo's line may be cut. */
async function together() {
  const story = await house.plant('Once upon a time');
  const line = await pages.openLine();
  const cuttable = await pages.openLine();
  const hers = pages.open(line, story, house.mira);
  const his = pages.open(cuttable, story, house.jo);
  const words = {
    hers: hers.link.openWords(story.seedId),
    his: his.link.openWords(story.seedId),
  };
  await becomes(words.hers, 'saved');
  await becomes(words.his, 'saved');
  return { story, hers, his, words, cuttable };
}

describe('words', () => {
  test('show the other caret, behind the letter it stands behind', async () => {
    const { words } = await together();
    words.his.setCaret({ anchor: 4, head: 9 });
    await eventually(() =>
      expect(words.hers.state.carets).toMatchObject([{ user: { name: 'Jo' }, anchor: 4, head: 9 }]),
    );
    words.hers.text.insert(0, '* ');
    expect(words.hers.state.carets).toMatchObject([{ anchor: 6, head: 11 }]);
    words.his.setCaret(null);
    await eventually(() => expect(words.hers.state.carets).toEqual([]));
  });

  test('are not called saved before they are committed', async () => {
    const { story, words } = await together();
    const before = await inLog(story);
    const release = await holdCommits(house.fresh.url);
    words.hers.text.insert(16, ', in a lighthouse');
    await eventually(() => expect(words.his.text.toJSON()).toContain('lighthouse'));
    expect(words.hers.state).toMatchObject({ status: 'saving', hasUnsaved: true });
    await release();
    await becomes(words.hers, 'saved');
    expect(await inLog(story)).toBeGreaterThan(before);
  });

  test('written offline are called saved only when the last of them is committed', async () => {
    const { story, words, cuttable } = await together();
    const before = await inLog(story);
    cuttable.cut();
    await becomes(words.his, 'offline');
    expect(words.his.state.hasUnsaved).toBe(false);
    for (const letter of 'there stood') words.his.text.insert(0, letter);
    expect(words.his.state).toMatchObject({ status: 'offline', hasUnsaved: true });
    const release = await holdCommits(house.fresh.url);
    cuttable.heal();
    const statuses: string[] = [];
    words.his.subscribe(() => statuses.push(words.his.state.status));
    await eventually(() => expect(words.hers.text.length).toBe(27));
    expect(await inLog(story)).toBe(before);
    expect(statuses).not.toContain('saved');
    await release();
    await becomes(words.his, 'saved');
    expect(await inLog(story)).toBeGreaterThan(before);
  });

  test('that became too long together are kept apart until they are shortened', async () => {
    const { words, hers, his, cuttable } = await together();
    cuttable.cut();
    await becomes(words.his, 'offline');
    words.hers.text.insert(0, 'a'.repeat(3_000));
    words.his.text.insert(0, 'b'.repeat(3_000));
    await becomes(words.hers, 'saved');
    cuttable.heal();
    await becomes(words.his, 'refused');
    expect(words.his.state.hasUnsaved).toBe(true);
    expect(words.his.text.length).toBeGreaterThan(MAX_WORDS_LENGTH);
    await live(his);
    await eventually(() => expect(names(hers)).toEqual(['Jo']));
    words.his.text.delete(0, 2_000);
    await becomes(words.his, 'saved');
    await eventually(() => expect(words.hers.text.toJSON()).toBe(words.his.text.toJSON()));
  });
});
