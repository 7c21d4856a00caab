// How long an edit takes to reach everybody, and to be acknowledged: one writer, 50 edits a second.
import { plant } from '../collab-server/testing/world.ts';
import { type Typed, typedSchema } from './load/type.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { setting } from './support/options.ts';
import { runBench } from './support/run.ts';
import { median, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const READERS = setting([10, 100, 500], [3]);
const ROUNDS = setting(4, 1);
const EDITS = setting(170, 30);
const WARM_UP = setting(20, 5);
const PER_SECOND = 50;
/** Before anything is measured: servers run for days, and V8 compiles only what has run a while. */
const FIRST_EDITS = setting(4_000, 30);
const FIRST_PER_SECOND = 400;
const FIRST_READERS = 10;
/** A busy machine may be slow; nothing may be lost. */
const PATIENCE_MS = 60_000;
const PACE = { edits: EDITS, perSecond: PER_SECOND };
const NAMES = Object.keys(PEERS) as PeerName[];

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);
  const peers: Peer[] = [];
  for (const name of NAMES) peers.push(await Peer.start(name, world, { onStop }));

  const round = async (peer: Peer, readers: number, pace = PACE): Promise<Typed> => {
    const { words } = await plant(world, world.who.user.id);
    const asked = {
      address: peer.address(words),
      readers,
      writers: 1,
      warmUp: WARM_UP,
      ...pace,
      patienceMs: PATIENCE_MS,
    };
    const typed = await load.ask('type', asked, typedSchema);
    if (!typed.isComplete) throw new Error(`${peer.title} lost an edit`);
    return typed;
  };

  const compare = async (readers: number) => {
    const rounds = new Map(NAMES.map((name) => [name, [] as Typed[]]));
    for (let n = 0; n < ROUNDS; n += 1) {
      // Each round begins with another, so that none always runs on the warmer machine.
      const turn = peers.map((_, at) => peers[(at + n) % peers.length]);
      for (const peer of turn) {
        if (peer !== undefined) rounds.get(peer.name)?.push(await round(peer, readers));
      }
    }
    /** The median of the ratios of neighbouring rounds. */
    const toBare = (name: PeerName, of: 'seenP50Ms' | 'seenP99Ms'): number =>
      rounded(
        median(
          (rounds.get(name) ?? []).map(
            (typed, n) => typed[of] / (rounds.get('bare')?.[n]?.[of] ?? Number.NaN),
          ),
        ),
      );
    return NAMES.map((name) => {
      const over = (of: 'seenP50Ms' | 'seenP99Ms' | 'acknowledgedP95Ms') =>
        median((rounds.get(name) ?? []).map((typed) => typed[of]));
      return {
        readers,
        server: PEERS[name].title,
        p50Ms: over('seenP50Ms'),
        p99Ms: over('seenP99Ms'),
        p50ToBare: toBare(name, 'seenP50Ms'),
        p99ToBare: toBare(name, 'seenP99Ms'),
        acknowledgedP95Ms: name === 'yWebsocket' ? null : over('acknowledgedP95Ms'),
      };
    });
  };

  const first = { edits: FIRST_EDITS, perSecond: FIRST_PER_SECOND };
  for (const peer of peers) await round(peer, FIRST_READERS, first);
  const results = [];
  for (const readers of READERS) results.push(...(await compare(readers)));
  await report({
    bench: 'propagation',
    settings: { ROUNDS, EDITS, WARM_UP, PER_SECOND, FIRST_EDITS, FIRST_PER_SECOND },
    results,
    goals: results
      .filter(({ server }) => server === PEERS.ours.title)
      .map(({ readers, p50ToBare }) => ({
        goal: `propagation p50 to ${readers} readers, of bare Hocuspocus'`,
        atMost: 1,
        measured: p50ToBare,
      })),
  });
});
