// How long an edit takes to reach everybody, and to be acknowledged: one writer, 50 edits a second.
import * as v from 'valibot';
import { plant } from '../collab-server/testing/world.ts';
import { seenSchema } from './load/watch.ts';
import { writtenSchema } from './load/write.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { setting } from './support/options.ts';
import { runBench } from './support/run.ts';
import { median, percentile, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const READERS = setting([10, 100, 500], [3]);
const ROUNDS = setting(12, 1);
const EDITS = setting(90, 30);
/** Edits of a round that are not counted, while both sides warm up. */
const WARM_UP = setting(10, 5);
const PER_SECOND = 50;
/** Before anything is measured: servers run for days, and V8 compiles only what has run a while. */
const FIRST_EDITS = setting(4_000, 30);
const FIRST_PER_SECOND = 400;
const FIRST_READERS = 10;
/** A busy machine may be slow; nothing may be lost. */
const PATIENCE_MS = 60_000;
const PACE = { edits: EDITS, perSecond: PER_SECOND };
const NAMES = Object.keys(PEERS) as PeerName[];

/** Milliseconds. */
interface Propagation {
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** NaN where nothing is acknowledged. */
  readonly acknowledgedP95Ms: number;
}

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const readersLoad = await startLoad(onStop);
  const writerLoad = await startLoad(onStop);
  const peers: Peer[] = [];
  for (const name of NAMES) peers.push(await Peer.start(name, world, { onStop }));

  const round = async (peer: Peer, readers: number, pace = PACE): Promise<Propagation> => {
    const { words } = await plant(world, world.who.user.id);
    const address = peer.address(words);
    const isAcknowledged = peer.name !== 'yWebsocket';
    await readersLoad.ask('watch', { address, readers, edits: pace.edits }, v.null());
    const { sentMs, acknowledgedMs } = await writerLoad.ask(
      'write',
      { address, ...pace, isAcknowledged, patienceMs: PATIENCE_MS },
      writtenSchema,
    );
    const seenMs = await readersLoad.ask('seen', { patienceMs: PATIENCE_MS }, seenSchema);
    await writerLoad.ask('release', null, v.null());
    const acknowledged = isAcknowledged ? pace.edits : 0;
    const isSeen = seenMs.every((times) => times.length === readers);
    if (!isSeen || acknowledgedMs.length !== acknowledged) {
      throw new Error(`${peer.title} lost an edit`);
    }
    const since = (atMs: number, n: number) => atMs - (sentMs[n] ?? Number.NaN);
    const tookMs = seenMs.flatMap((times, n) => times.map((atMs) => since(atMs, n)));
    const counted = tookMs.slice(WARM_UP * readers);
    return {
      p50Ms: percentile(counted, 0.5),
      p99Ms: percentile(counted, 0.99),
      acknowledgedP95Ms: percentile(acknowledgedMs.map(since).slice(WARM_UP), 0.95),
    };
  };

  const compare = async (readers: number) => {
    const rounds = new Map(NAMES.map((name) => [name, [] as Propagation[]]));
    for (let n = 0; n < ROUNDS; n += 1) {
      // Each round begins with another, so that none always runs on the warmer machine.
      const turn = peers.map((_, at) => peers[(at + n) % peers.length]);
      for (const peer of turn) {
        if (peer !== undefined) rounds.get(peer.name)?.push(await round(peer, readers));
      }
    }
    /** The median of the ratios of neighbouring rounds. */
    const toBare = (name: PeerName, of: 'p50Ms' | 'p99Ms'): number =>
      rounded(
        median(
          (rounds.get(name) ?? []).map(
            (took, n) => took[of] / (rounds.get('bare')?.[n]?.[of] ?? Number.NaN),
          ),
        ),
      );
    return NAMES.map((name) => {
      const over = (of: keyof Propagation) =>
        rounded(median((rounds.get(name) ?? []).map((took) => took[of])));
      return {
        readers,
        server: PEERS[name].title,
        p50Ms: over('p50Ms'),
        p99Ms: over('p99Ms'),
        p50ToBare: toBare(name, 'p50Ms'),
        p99ToBare: toBare(name, 'p99Ms'),
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
