import { expect, it } from 'vitest';
import { userId } from '../story/ids.ts';
import { mayBranch, mayRead, mayReadOriginal, mayWriteWords } from './policy.ts';

const mia = { id: userId('6f9619ff-8b86-4011-b42d-00c04fc964ff') };
const jo = { id: userId('6f9619ff-8b86-4011-b42d-00c04fc964fe') };

it('anyone may listen; a session is needed to speak or write', () => {
  expect([mayRead(null), mayRead(mia)]).toEqual([true, true]);
  expect([mayBranch(null), mayBranch(mia)]).toEqual([false, true]);
  expect([mayWriteWords(null), mayWriteWords(mia)]).toEqual([false, true]);
});

it('only its author may have the original', () => {
  const take = { authorId: mia.id };
  expect([mia, jo, null].map((person) => mayReadOriginal(person, take))).toEqual([
    true,
    false,
    false,
  ]);
});
