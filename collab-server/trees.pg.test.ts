// Trees without a document: everybody who reads one ends with what Postgres has, however they came.
import type { Worker } from 'node:worker_threads';
import { afterAll, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { checkStory } from '#backend/story/check-story.ts';
import { CLOSE } from '#domain/protocol/room.ts';
import { readTree } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { STEP } from './frames.ts';
import { eventually, synced, useHouse } from './testing/house.ts';
import { publishTake, type TestStory } from './testing/world.ts';

/** Of a socket that its client has closed; the server's closes have a code (RFC 6455, 7.4.1). */
const NO_CODE = 1005;

// A thread takes half a second to start, and ten on a machine that runs everything at once.
vi.setConfig({ testTimeout: 180_000 });

const house = useHouse(freshDatabase);
/** The threads of this process that run. */
const threads = new Set<Worker>();
const remember = (thread: Worker) => {
  threads.add(thread);
  thread.once('exit', () => threads.delete(thread));
};
process.on('worker', remember);
afterAll(() => void process.off('worker', remember));

interface Reading {
  readonly doc: Y.Doc;
  destroy(): void;
}

const join = (name: string, doc = new Y.Doc(), url = house.server.url) =>
  house.join(name, house.mira, { doc, url });
const joinPlain = (name: string) => house.joinPlain(name, house.mira);

const publish = ({ storyId, seedId }: TestStory) =>
  publishTake(house.fresh, { storyId, parentId: seedId, authorId: house.mira.user.id });

/** Every reader has these takes, and nothing that waits for something else. */
async function allHave(readers: readonly Reading[], ids: ReadonlySet<string>): Promise<void> {
  await eventually(() => {
    for (const { doc } of readers) {
      expect(new Set(readTree(doc).takes.map(({ id }) => id))).toEqual(ids);
      expect(doc.store.pendingStructs).toBeNull();
    }
  });
  const [first] = readers;
  for (const { doc } of readers) {
    expect(doc.toJSON()).toEqual(first?.doc.toJSON());
    expect(Y.encodeStateVector(doc)).toEqual(Y.encodeStateVector(first?.doc ?? new Y.Doc()));
  }
}

describe('whoever reads a tree', () => {
  test('at whatever moment they come, new or back, has all of it in the end', async () => {
    const story = await house.plant();
    const ids = new Set<string>([story.seedId]);
    const readers: Reading[] = [join(story.tree), joinPlain(story.tree)];
    await allHave(readers, ids);
    for (let n = 0; n < 40; n += 1) {
      // Not waited for: they come while it is published, and broadcast.
      const published = publish(story);
      if (n % 6 === 0) readers.push(join(story.tree));
      if (n % 15 === 7) readers.push(joinPlain(story.tree));
      if (n % 10 === 5) {
        const [gone] = readers.splice(1, 1);
        gone?.destroy();
        readers.push(join(story.tree, gone?.doc));
      }
      ids.add(await published);
    }
    await allHave(readers, ids);
    expect(await checkStory(house.fresh.db, story.storyId)).toEqual([]);
  });

  test('from another node that compacted its log under it goes on', async () => {
    const story = await house.plant();
    const other = await house.openNode();
    const readers = [join(story.tree), join(story.tree, new Y.Doc(), other.url)];
    const ids = new Set<string>([story.seedId]);
    await allHave(readers, ids);
    for (let n = 0; n < 4; n += 1) {
      ids.add(await publish(story));
      await compactDocument(house.fresh.db, story.tree, { merge: mergeIntoState });
    }
    await allHave(readers, ids);
    expect(await checkStory(house.fresh.db, story.storyId)).toEqual([]);
  });

  test('has nothing unsaved, unless they wrote into their copy', async () => {
    const story = await house.plant();
    const [honest, writer] = [join(story.tree), join(story.tree)];
    await eventually(() => {
      for (const { provider } of [honest, writer]) {
        expect([provider.isSynced, provider.hasUnsyncedChanges]).toEqual([true, false]);
      }
    });
    await publish(story);
    await eventually(() => expect(honest.doc.getMap('tree').size).toBe(2));
    honest.provider.forceSync();
    await eventually(() => expect(honest.provider.hasUnsyncedChanges).toBe(false));
    writer.doc.getMap('tree').delete(story.seedId);
    writer.provider.forceSync();
    const late = join(story.tree);
    await eventually(() => {
      expect([late.provider.isSynced, late.provider.hasUnsyncedChanges]).toEqual([true, false]);
    });
    expect(writer.provider.hasUnsyncedChanges).toBe(true);
    expect(readTree(late.doc).takes).toHaveLength(2);
  });

  test('and speaks nonsense is put out, and nobody else', async () => {
    const story = await house.plant();
    const other = join(story.tree);
    await synced(other);
    const nonsense: [step: number, payload: Uint8Array][] = [
      [STEP.stateVector, new Uint8Array([200, 200])],
      [STEP.reply, new Uint8Array([1, 200, 1])],
      [STEP.update, new Uint8Array([1, 200, 1])],
      [9, new Uint8Array([0, 0])],
    ];
    for (const [step, payload] of nonsense) {
      const raw = await house.joinRaw(story.tree, house.mira);
      raw.sync(step, payload);
      await eventually(() => expect(raw.closes.map(({ code }) => code)).toEqual([CLOSE.malformed]));
    }
    await publish(story);
    await eventually(() => expect(other.doc.getMap('tree').size).toBe(2));
    expect(other.closes).toEqual([]);
  });
});

describe('the thread of the trees', () => {
  test('is killed again and again, and nobody is the worse for it', async () => {
    const [story, quiet] = [await house.plant(), await house.plant()];
    const ids = new Set<string>([story.seedId]);
    const [reader, plain, other] = [join(story.tree), joinPlain(story.tree), join(quiet.tree)];
    await allHave([reader, plain], ids);
    for (let n = 0; n < 2; n += 1) {
      const dying = [...threads].map((thread) => thread.terminate());
      expect(dying).not.toHaveLength(0);
      ids.add(await publish(story));
      // Somebody comes while there is no thread.
      const late = join(story.tree);
      await Promise.all(dying);
      ids.add(await publish(story));
      await allHave([reader, plain, late], ids);
    }
    await allHave([other], new Set([quiet.seedId]));
    const id = await publish(quiet);
    await allHave([other], new Set([quiet.seedId, id]));
    // A provider that has heard nothing for half a minute comes anew, by itself.
    expect([...reader.closes, ...other.closes].filter((code) => code !== NO_CODE)).toEqual([]);
    expect(await checkStory(house.fresh.db, story.storyId)).toEqual([]);
  });
});
