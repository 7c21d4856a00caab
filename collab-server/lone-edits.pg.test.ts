// Edits of a real server's documents, on the wire: which of them leave alone.
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import { eventually, useHouse } from './testing/house.ts';
import { enterRaw } from './testing/raw.ts';

const house = useHouse(freshDatabase);

test('the first edit of a quiet document does not wait for those that come with it', async () => {
  const { words } = await house.plant();
  const writer = await enterRaw(house.server.url, words, house.mira);
  house.onLeave(() => writer.socket.terminate());
  const edits: Uint8Array[] = [];
  const doc = new Y.Doc();
  doc.on('update', (update: Uint8Array) => edits.push(update));
  for (const letter of 'abc') wordsOf(doc).insert(0, letter);
  // The first waits until Postgres knows whose its client id is: all have come before it is applied.
  for (const edit of edits) writer.sync(STEP.update, edit);
  await eventually(() => expect(writer.saved()).toEqual([true, true, true]));
  expect(writer.steps().filter((step) => step === STEP.update)).not.toHaveLength(1);
});
