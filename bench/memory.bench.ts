// What memory holds: for an idle connection, for a loaded story, and in a client for each take.
import * as v from 'valibot';
import { plant } from '../collab-server/testing/world.ts';
import { heapSchema } from './load/shapes.ts';
import { plantBigStory, type BigStory } from './support/big-story.ts';
import { setting } from './support/options.ts';
import { putPeerDocument } from './support/peer-table.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report, type Goal, type Row } from './support/report.ts';
import { runBench } from './support/run.ts';
import { byTurns, replay, withoutHistory, writeFlat, writeNested } from './support/shapes.ts';
import { median, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const CONNECTIONS = setting(2_000, 20);
const TAKES = setting(10_000, 200);
const NAMES = setting<readonly PeerName[]>(Object.keys(PEERS) as PeerName[], ['ours', 'database']);
const STORIES = setting(2, 1);
const ROUNDS = setting(3, 1);
const [KB, MB] = [1_024, 1_024 ** 2];
const WITH_HISTORY = 'a take in a client, bytes';
/** The worst order of events for ours; told, and no goal. */
const BY_TURNS = 'a take in a client, all having changed by turns, bytes';
/** Ours to nested Y types. */
const GOAL_SHARE = 0.2;

/** What `run` left in the server's memory, for each of `count`. */
async function left(peer: Peer, count: number, run: () => Promise<unknown>) {
  const before = await peer.memory();
  await run();
  const after = await peer.memory();
  return {
    resident: (after.residentBytes - before.residentBytes) / count,
    heap: (after.heapBytes - before.heapBytes) / count,
  };
}

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);
  const stories: BigStory[] = [];
  for (let n = 0; n < STORIES; n += 1) stories.push(await plantBigStory(world, TAKES));
  for (const { tree, state } of stories) await putPeerDocument(world.pool, tree, state);

  const hold = (peer: Peer, document: string, clients: number) =>
    load.ask('hold', { address: peer.address(document), clients }, v.null());

  /** Heap of our server for a story, bytes. */
  let served = Number.NaN;
  /** What the threads of a server have that has no story open, by its name. */
  const idleThreads = new Map<PeerName, number>();
  const idle = async (name: PeerName): Promise<Row> => {
    const peer = await Peer.start(name, world, { onStop });
    const { words } = await plant(world, world.who.user.id);
    // What the first ones cost is the server's warming up.
    await hold(peer, words, CONNECTIONS / 10);
    const each = await left(peer, CONNECTIONS, () => hold(peer, words, CONNECTIONS));
    idleThreads.set(name, await peer.threadBytes());
    await load.ask('release', null, v.null());
    await peer.end();
    const [residentKb, heapKb] = [rounded(each.resident / KB), rounded(each.heap / KB)];
    return { of: 'an idle connection, KB', server: peer.title, resident: residentKb, heap: heapKb };
  };

  const loaded = async (name: PeerName): Promise<Row> => {
    const peer = await Peer.start(name, world, { onStop });
    const openAll = async () => {
      for (const { tree, state } of stories) {
        const address = peer.address(tree);
        if (name === 'ours' || name === 'database') await hold(peer, tree, 1);
        else await load.ask('fill', { address, state }, v.null());
      }
    };
    const each = await left(peer, STORIES, openAll);
    const inThreads = ((await peer.threadBytes()) - (idleThreads.get(name) ?? 0)) / STORIES;
    await load.ask('release', null, v.null());
    await peer.end();
    const heap = each.heap + inThreads;
    if (name === 'ours') served = heap;
    const [residentMb, heapMb] = [rounded(each.resident / MB), rounded(heap / MB)];
    const of = `a story of ${TAKES} takes, MB`;
    return { of, server: peer.title, resident: residentMb, heap: heapMb };
  };

  /** The median: code and the like come into memory with the first document that needs them. */
  const heapPerTake = async (state: Uint8Array): Promise<number> => {
    const rounds: number[] = [];
    for (let n = 0; n < ROUNDS; n += 1) {
      const asked = { state, takes: TAKES };
      const { bytesPerTake } = await load.ask('heapOf', asked, heapSchema);
      rounds.push(bytesPerTake);
    }
    return median(rounds);
  };

  const results: Row[] = [];
  for (const name of NAMES) results.push(await idle(name));
  for (const name of NAMES) results.push(await loaded(name));
  const [story] = stories;
  if (story === undefined) throw new Error('there is no story');
  const { events } = story;
  const goals: Goal[] = [];
  const share = (goal: string, ours: number, nested: number) =>
    goals.push({
      goal: `${goal}, share of nested Y types`,
      atMost: GOAL_SHARE,
      measured: rounded(ours / nested),
    });
  const heaps = [
    { of: 'a take in a client without history, bytes', events: withoutHistory(events) },
    { of: WITH_HISTORY, events },
    { of: BY_TURNS, events: byTurns(events) },
  ];
  for (const { of, events: happened } of heaps) {
    const ours = await heapPerTake(replay(happened, writeFlat).state);
    const nested = await heapPerTake(replay(happened, writeNested).state);
    results.push({ of, server: PEERS.ours.title, resident: null, heap: ours });
    results.push({ of, server: 'nested Y types', resident: null, heap: nested });
    if (of !== BY_TURNS) share(of, ours, nested);
    // The server has the story with its history, as bytes that it sends on.
    if (of === WITH_HISTORY) share('a take on the server, bytes', served / TAKES, nested);
  }
  await report({
    bench: 'memory',
    settings: { CONNECTIONS, TAKES, STORIES },
    results,
    goals,
  });
});
