// One socket that has the same document open twice: what is said of one opening is not said of the
// other.
import * as decoding from 'lib0/decoding';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { authenticationFrame, FRAME, readFrame, STEP, syncFrame } from './frames.ts';
import { eventually, useHouse } from './testing/house.ts';
import type { RawSocket } from './testing/raw.ts';

const house = useHouse(freshDatabase);

/** What the server said at an address of its own: the acknowledgements, and its questions. */
const heardAt = ({ heard }: RawSocket, address: string, type: number) =>
  heard
    .map(readFrame)
    .filter((frame) => frame.address === address && frame.type === type)
    .map(({ body }) => decoding.readVarUint(body));

/** Three edits of a client that has nothing else. */
function edits(client: number): readonly Uint8Array[] {
  const doc = new Y.Doc();
  doc.clientID = client;
  const made: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => made.push(update));
  for (const letter of ['a', 'b', 'c']) wordsOf(doc).insert(0, letter);
  return made;
}

test('an edit that was thrown away is not called saved because the other opening was whole', async () => {
  const { tree, words } = await house.plant();
  const raw = await house.joinRaw(tree, house.mira);
  const [one, two] = [`${words}\0one`, `${words}\0two`] as const;
  for (const address of [one, two]) {
    raw.socket.send(authenticationFrame(address));
    raw.socket.send(syncFrame(address, STEP.stateVector, new Uint8Array([0])));
    await eventually(() => expect(heardAt(raw, address, FRAME.sync)).toContain(STEP.stateVector));
  }
  const send = (address: string, update: Uint8Array | undefined) =>
    raw.socket.send(syncFrame(address, STEP.update, update ?? new Uint8Array()));
  const [whole, gapped] = [edits(11), edits(22)];
  // Both clients are known from here on, so that nothing waits for Postgres below.
  send(two, whole[0]);
  send(one, gapped[0]);
  await eventually(() => {
    expect(heardAt(raw, one, FRAME.syncStatus)).toEqual([1]);
    expect(heardAt(raw, two, FRAME.syncStatus)).toEqual([1]);
  });
  // The second edit of one opening is missing; that of the other arrives with it.
  send(one, gapped[2]);
  send(two, whole[1]);
  await eventually(() => expect(heardAt(raw, two, FRAME.syncStatus)).toEqual([1, 1]));
  await eventually(() =>
    expect(heardAt(raw, one, FRAME.sync).filter((step) => step === STEP.stateVector)).toHaveLength(
      2,
    ),
  );
  expect(heardAt(raw, one, FRAME.syncStatus)).toEqual([1]);
});
