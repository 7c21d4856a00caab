// The log knows who wrote what came over a socket.
import { expect, test } from 'vitest';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, textOf, useHouse } from './testing/house.ts';

const house = useHouse(freshDatabase);

test('each update is logged with whoever sent it, in both framings, and the first words with nobody', async () => {
  const { mira, jo } = house;
  const story = await house.plant('Once.');
  const authors = async () => {
    const { rows } = await house.fresh.pool.query(
      'select user_id from document_updates where document = $1 order by seq',
      [story.words],
    );
    return rows.map(({ user_id }) => user_id);
  };
  const mine = house.join(story.words, mira);
  const plain = house.joinPlain(story.words, jo);
  await eventually(() => {
    expect([mine, plain].map(textOf)).toEqual(['Once.', 'Once.']);
  });
  wordsOf(mine.doc).insert(5, ' Upon');
  await eventually(async () => expect(await authors()).toEqual([null, mira.user.id]));
  wordsOf(plain.doc).insert(0, 'Listen. ');
  await eventually(async () => expect(await authors()).toEqual([null, mira.user.id, jo.user.id]));
});
