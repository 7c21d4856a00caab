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
import { replay, writeNested } from './support/shapes.ts';
import { median, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const TAKES = setting(10_000, 50);
const CROWDS = setting([50, 100], [3]);
const [FIRST_CROWD = 0] = CROWDS;
const ROUNDS = setting(3, 1);
/** Who opens what: the same document each, and one of nested Y types, as Yjs' own examples have. */
const CONTENDERS = [
  { peer: 'ours', isNested: false, title: PEERS.ours.title },
  { peer: 'database', isNested: false, title: PEERS.database.title },
  { peer: 'database', isNested: true, title: `${PEERS.database.title}, nested types` },
  { peer: 'yWebsocket', isNested: false, title: PEERS.yWebsocket.title },
] as const satisfies readonly { peer: PeerName; isNested: boolean; title: string }[];
type Contender = (typeof CONTENDERS)[number];
const [OURS, SAME, NESTED] = CONTENDERS;
/** The others take at least so many times as long as ours with the first crowd. */
const GOAL_TIMES = 7;
const GOAL_STALL_MS = 50;
const GOAL_CROWD_MS = 3_000;

interface Opening {
  readonly by: Contender;
  readonly opens: string;
  readonly ms: number;
  readonly stallMs: number;
}

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);
  const story = await plantBigStory(world, TAKES);
  const nested = { tree: `${story.tree}:nested`, state: replay(story.events, writeNested).state };
  for (const { tree, state } of [story, nested]) await putPeerDocument(world.pool, tree, state);
  const documentOf = ({ isNested }: Contender) => (isNested ? nested.tree : story.tree);

  const open = async (peer: Peer, document: string, clients: number) => {
    await peer.longestStallMs();
    const { lastMs } = await load.ask(
      'open',
      { address: peer.address(document), clients },
      openedSchema,
    );
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
  const hold = (peer: Peer, document: string) =>
    load.ask('hold', { address: peer.address(document), clients: 1 }, v.null());

  const round = async (by: Contender): Promise<Opening[]> => {
    const document = documentOf(by);
    const single = await withFresh(by.peer, async (peer) => {
      const cold = await open(peer, document, 1);
      await hold(peer, document);
      return [
        { by, opens: 'first after a restart', ...cold },
        { by, opens: 'one more', ...(await open(peer, document, 1)) },
        { by, opens: `${FIRST_CROWD} more`, ...(await open(peer, document, FIRST_CROWD)) },
      ];
    });
    // Without a store there is nothing to load after a restart.
    const measured = by.peer === 'yWebsocket' ? single.slice(1) : single;
    for (const clients of CROWDS) {
      const crowd = await withFresh(by.peer, (peer) => open(peer, document, clients));
      measured.push({ by, opens: `${clients} after a restart`, ...crowd });
    }
    return measured;
  };

  const found: Opening[] = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    for (const by of CONTENDERS) found.push(...(await round(by)));
  }
  const over = (by: Contender, opens: string) => {
    const rounds = found.filter((each) => each.by === by && each.opens === opens);
    return {
      ms: median(rounds.map(({ ms }) => ms)),
      stallMs: median(rounds.map(({ stallMs }) => stallMs)),
    };
  };
  const results = found.slice(0, found.length / ROUNDS).map(({ by, opens }) => {
    const { ms, stallMs } = over(by, opens);
    const timesOurs = rounded(ms / over(OURS, opens).ms);
    return { opens, server: by.title, ms, timesOurs, longestStallMs: stallMs };
  });
  const shares = [SAME, NESTED].flatMap((by) =>
    [`${FIRST_CROWD} more`, `${FIRST_CROWD} after a restart`].map((opens) => ({
      goal: `${opens}, share of ${by.title}`,
      atMost: rounded(1 / GOAL_TIMES),
      measured: rounded(over(OURS, opens).ms / over(by, opens).ms),
    })),
  );
  const most = `${CROWDS.at(-1)} after a restart`;
  await report({
    bench: 'open',
    settings: {
      TAKES,
      CROWDS,
      ROUNDS,
      bytes: story.state.byteLength,
      nestedBytes: nested.state.byteLength,
    },
    results,
    goals: [
      ...shares,
      { goal: `${most}, ms`, atMost: GOAL_CROWD_MS, measured: over(OURS, most).ms },
      {
        goal: 'longest stall while the first opens, ms',
        atMost: GOAL_STALL_MS,
        measured: over(OURS, 'first after a restart').stallMs,
      },
    ],
  });
});
