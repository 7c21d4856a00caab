// What an edit costs by the size of its story: bytes of WAL, and CPU of the server. For ours one
// character of words and a take published, rows and outbox with it; for Hocuspocus with its
// Database extension a take set in the same tree, which is then stored as a whole.
import * as v from 'valibot';
import { publishTake } from '../collab-server/testing/world.ts';
import { editedSchema } from './load/edit.ts';
import { plantBigStory, type BigStory } from './support/big-story.ts';
import { isLarge, setting } from './support/options.ts';
import { putPeerDocument, storesOf, untilStored } from './support/peer-table.ts';
import { PEERS, Peer, startLoad } from './support/peers.ts';
import { report } from './support/report.ts';
import { runBench, type Stop } from './support/run.ts';
import { rounded } from './support/statistics.ts';
import { settledWal, withoutCheckpoints } from './support/wal.ts';
import { openWorld, type World } from './support/world.ts';

const SIZES = setting(isLarge ? [1_000, 10_000, 100_000] : [1_000, 10_000], [20]);
const WORDS_EDITS = setting(300, 5);
const TAKES = setting(50, 2);
const STORES = setting(8, 1);
/** Before what is counted: whatever happens once for a document or a connection has happened. */
const WARM_UP = setting(10, 1);
/**
 * The peer stores so long after an edit; the default is two seconds. The next edit is made when it
 * has certainly stored: edits that follow each other more closely than that share a store.
 */
const DEBOUNCE_MS = 50;
const PAUSE_MS = setting(isLarge ? 6_000 : 1_500, 500);
const GOAL_BYTES = 1_000;

interface Bench {
  readonly world: World;
  readonly load: Awaited<ReturnType<typeof startLoad>>;
  readonly onStop: (stop: Stop) => void;
}

/** Cost of each of `edits` that `run` makes. */
async function cost(
  { world }: Bench,
  { peer, edits, run }: { peer: Peer; edits: number; run: () => Promise<void> },
) {
  const before = { wal: await settledWal(world), cpu: await peer.usage() };
  await run();
  const after = { wal: await settledWal(world), cpu: await peer.usage() };
  return {
    walBytes: Math.round((after.wal.bytes - before.wal.bytes) / edits),
    cpuMs: rounded((after.cpu.cpuMs - before.cpu.cpuMs) / edits),
    pageImages: after.wal.pageImages - before.wal.pageImages,
  };
}

async function ofOurs(bench: Bench, takes: number, story: BigStory) {
  const { world, load, onStop } = bench;
  const peer = await Peer.start('ours', world, { onStop });
  for (const document of [story.tree, story.words]) {
    await load.ask('hold', { address: peer.address(document), clients: 1 }, v.null());
  }
  const type = async (edits: number) => {
    const address = peer.address(story.words);
    await load.ask('edit', { address, kind: 'words', edits }, editedSchema);
  };
  const publish = async (count: number) => {
    const { storyId, seedId: parentId } = story;
    for (let n = 0; n < count; n += 1) {
      await publishTake(world, { storyId, parentId, authorId: world.who.user.id });
      await load.ask('news', { document: story.tree }, v.null());
    }
  };
  await type(WARM_UP);
  await publish(WARM_UP);
  const words = await cost(bench, { peer, edits: WORDS_EDITS, run: () => type(WORDS_EDITS) });
  const take = await cost(bench, { peer, edits: TAKES, run: () => publish(TAKES) });
  await load.ask('release', null, v.null());
  await peer.end();
  return [
    { takes, server: peer.title, edit: 'a character of words', ...words },
    { takes, server: peer.title, edit: 'a take published', ...take },
  ];
}

async function ofPeer(bench: Bench, takes: number, { tree, state }: BigStory) {
  const { world, load, onStop } = bench;
  await putPeerDocument(world.pool, tree, state);
  const env = { DEBOUNCE_MS: String(DEBOUNCE_MS) };
  const peer = await Peer.start('database', world, { onStop, env });
  const address = peer.address(tree);
  await load.ask('hold', { address, clients: 1 }, v.null());
  const set = async (edits: number) => {
    const asked = { address, kind: 'take', edits, pauseMs: PAUSE_MS };
    const before = await storesOf(world.pool, tree);
    await load.ask('edit', asked, editedSchema);
    await untilStored(world.pool, tree, before + edits);
  };
  await set(1);
  const take = await cost(bench, { peer, edits: STORES, run: () => set(STORES) });
  await load.ask('release', null, v.null());
  await peer.end();
  return { takes, server: PEERS.database.title, edit: 'a take set', ...take };
}

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const bench: Bench = { world, load: await startLoad(onStop), onStop };
  if (world.isOwn) await withoutCheckpoints(world.pool);
  const results = [];
  for (const takes of SIZES) {
    const story = await plantBigStory(world, takes);
    results.push(...(await ofOurs(bench, takes, story)), await ofPeer(bench, takes, story));
  }
  await report({
    bench: 'edit-cost',
    settings: { WORDS_EDITS, TAKES, STORES, WARM_UP, DEBOUNCE_MS },
    results,
    goals: results
      .filter(({ edit }) => edit === 'a character of words')
      .map(({ takes, walBytes }) => ({
        goal: `bytes of WAL for a character of words, ${takes} takes`,
        atMost: GOAL_BYTES,
        measured: walBytes,
      })),
  });
});
