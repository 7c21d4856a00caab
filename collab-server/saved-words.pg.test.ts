// Words that people write together: begun as published, saved once they are committed.
import { describe, expect, test } from 'vitest';
import { Client } from 'pg';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, saved, synced, textOf, useHouse } from './testing/house.ts';
import type { TestStory } from './testing/world.ts';

const house = useHouse(freshDatabase, { warmMs: 0 });

function rowWords(story: TestStory): Promise<unknown> {
  return house.fresh.pool
    .query<{ words: string }>('select words from takes where id = $1', [story.seedId])
    .then(({ rows }) => rows[0]?.words);
}

describe('words', () => {
  test('begin as the take was published, once, and are mirrored to its row', async () => {
    const story = await house.plant('The lamp is lit.');
    const [a, b] = [house.join(story.words, house.mira), house.join(story.words, house.jo)];
    await Promise.all([synced(a), synced(b)]);
    expect([textOf(a), textOf(b)]).toEqual(['The lamp is lit.', 'The lamp is lit.']);
    wordsOf(a.doc).insert(0, 'At dusk: ');
    wordsOf(b.doc).insert(wordsOf(b.doc).length, ' Nobody comes.');
    const whole = 'At dusk: The lamp is lit. Nobody comes.';
    await eventually(() => expect([textOf(a), textOf(b)]).toEqual([whole, whole]));
    await eventually(async () => expect(await rowWords(story)).toBe(whole));
    a.destroy();
    b.destroy();
    const again = house.join(story.words, house.jo);
    await synced(again);
    expect(textOf(again)).toBe(whole);
  });

  test('whose row was left behind by a crash are mirrored when they are opened', async () => {
    const story = await house.plant('One');
    const first = house.join(story.words, house.mira);
    await synced(first);
    wordsOf(first.doc).insert(3, ' two');
    await eventually(async () => expect(await rowWords(story)).toBe('One two'));
    await house.fresh.pool.query(`update takes set words = 'One' where id = $1`, [story.seedId]);
    const other = await house.openNode();
    await synced(house.join(story.words, house.mira, { url: other.url }));
    await eventually(async () => expect(await rowWords(story)).toBe('One two'));
  });

  test('that would be too long are refused, and what was there stays', async () => {
    const story = await house.plant('Short.');
    const writer = house.join(story.words, house.mira);
    await synced(writer);
    wordsOf(writer.doc).insert(0, 'x'.repeat(6_000));
    await eventually(() => expect(writer.closes).toContain(CLOSE.tooLarge));
    writer.destroy();
    const reader = house.join(story.words, house.jo);
    await synced(reader);
    expect(textOf(reader)).toBe('Short.');
    wordsOf(reader.doc).insert(0, 'y'.repeat(4_900));
    await saved(reader);
  });
});

describe('"saved"', () => {
  test('is only said after the commit, while others see the edit at once', async () => {
    const story = await house.plant();
    const [a, b] = [house.join(story.words, house.mira), house.join(story.words, house.jo)];
    await Promise.all([synced(a), synced(b)]);
    await Promise.all([saved(a), saved(b)]);
    const locker = new Client({ connectionString: house.fresh.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table document_updates in access exclusive mode');
    wordsOf(a.doc).insert(0, 'A');
    await eventually(() => expect(textOf(b)).toBe('A'));
    wordsOf(b.doc).insert(1, 'B');
    await eventually(() => expect(textOf(a)).toBe('AB'));
    // The acknowledgement of A's edit would have come on A's socket before B's edit did.
    expect(a.provider.hasUnsyncedChanges).toBe(true);
    expect(b.provider.hasUnsyncedChanges).toBe(true);
    await locker.query('rollback');
    await locker.end();
    await Promise.all([saved(a), saved(b)]);
    const rows = await house.fresh.pool.query(
      'select 1 from document_updates where document = $1',
      [story.words],
    );
    expect(rows.rows).toHaveLength(2);
  });

  test('keeps a document in memory until it is committed', async () => {
    const story = await house.plant();
    const a = house.join(story.words, house.mira);
    await synced(a);
    const locker = new Client({ connectionString: house.fresh.url });
    await locker.connect();
    await locker.query('begin');
    await locker.query('lock table document_updates in exclusive mode');
    const b = house.join(story.words, house.jo);
    await synced(b);
    wordsOf(a.doc).insert(0, 'kept');
    await eventually(() => expect(textOf(b)).toBe('kept'));
    a.destroy();
    b.destroy();
    const c = house.join(story.words, house.jo);
    await eventually(() => expect(textOf(c)).toBe('kept'));
    await locker.query('rollback');
    await locker.end();
    await saved(c);
  });
});
