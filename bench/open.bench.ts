// Opening a story of ten thousand takes that has lived: the first client after a restart, one more,
// and many at once right after a restart, until the last of them has the last byte.
import * as v from 'valibot';
import { openedSchema } from './load/open.ts';
import { plantBigStory, type BigStory } from './support/big-story.ts';
import { setting } from './support/options.ts';
import { putPeerDocument } from './support/peer-table.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { median, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const TAKES = setting(10_000, 50);
const CROWDS = setting([50, 100], [3]);
const [FIRST_CROWD = 0] = CROWDS;
const ROUNDS = setting(2, 1);
const NAMES = ['ours', 'database', 'yWebsocket'] as const satisfies readonly PeerName[];
/** The others take at least so many times as long as ours with the first crowd. */
const GOAL_TIMES = 7;
const GOAL_STALL_MS = 50;
const GOAL_CROWD_MS = 3_000;

interface Opening {
  readonly name: PeerName;
  readonly opens: string;
  readonly ms: number;
  readonly stallMs: number;
}

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);
  const story = await plantBigStory(world, TAKES);
  await putPeerDocument(world.pool, story.tree, story.state);

  const open = async (peer: Peer, clients: number) => {
    await peer.longestStallMs();
    const asked = { address: peer.address(story.tree), clients };
    const { lastMs } = await load.ask('open', asked, openedSchema);
    return { ms: rounded(lastMs), stallMs: rounded(await peer.longestStallMs()) };
  };
  /** Runs with a server that was just started; y-websocket's has no store, and is filled first. */
  const withFresh = async <T>(name: PeerName, run: (peer: Peer) => Promise<T>): Promise<T> => {
    const peer = await Peer.start(name, world, { onStop });
    try {
      if (name === 'yWebsocket') await fill(peer, story);
      return await run(peer);
    } finally {
      await load.ask('release', null, v.null());
      await peer.end();
    }
  };
  const fill = (peer: Peer, { tree, state }: BigStory) =>
    load.ask('fill', { address: peer.address(tree), state }, v.null());
  const hold = (peer: Peer) =>
    load.ask('hold', { address: peer.address(story.tree), clients: 1 }, v.null());

  const round = async (name: PeerName): Promise<Opening[]> => {
    const single = await withFresh(name, async (peer) => {
      const cold = await open(peer, 1);
      await hold(peer);
      return [
        { name, opens: 'first after a restart', ...cold },
        { name, opens: 'one more', ...(await open(peer, 1)) },
        { name, opens: `${FIRST_CROWD} more`, ...(await open(peer, FIRST_CROWD)) },
      ];
    });
    // Without a store there is nothing to load after a restart.
    const measured = name === 'yWebsocket' ? single.slice(1) : single;
    for (const clients of CROWDS) {
      const crowd = await withFresh(name, (peer) => open(peer, clients));
      measured.push({ name, opens: `${clients} after a restart`, ...crowd });
    }
    return measured;
  };

  const found: Opening[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    for (const name of NAMES) found.push(...(await round(name)));
  }
  const over = (name: PeerName, opens: string) => {
    const rounds = found.filter((each) => each.name === name && each.opens === opens);
    return {
      ms: median(rounds.map(({ ms }) => ms)),
      stallMs: median(rounds.map(({ stallMs }) => stallMs)),
    };
  };
  const results = found.slice(0, found.length / ROUNDS).map(({ name, opens }) => {
    const { ms, stallMs } = over(name, opens);
    const timesOurs = rounded(ms / over('ours', opens).ms);
    return { opens, server: PEERS[name].title, ms, timesOurs, longestStallMs: stallMs };
  });
  const shares = [`${FIRST_CROWD} more`, `${FIRST_CROWD} after a restart`].map((opens) => ({
    goal: `${opens}, share of Hocuspocus + Database`,
    atMost: rounded(1 / GOAL_TIMES),
    measured: rounded(over('ours', opens).ms / over('database', opens).ms),
  }));
  const most = `${CROWDS.at(-1)} after a restart`;
  await report({
    bench: 'open',
    settings: { TAKES, CROWDS, ROUNDS, bytes: story.state.byteLength },
    results,
    goals: [
      ...shares,
      { goal: `${most}, ms`, atMost: GOAL_CROWD_MS, measured: over('ours', most).ms },
      {
        goal: 'longest stall while the first opens, ms',
        atMost: GOAL_STALL_MS,
        measured: over('ours', 'first after a restart').stallMs,
      },
    ],
  });
});
