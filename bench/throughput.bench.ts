// The most edits a second that 100 readers see in less than 100 ms: doubled until it is too much,
// then halved in between.
import { plant } from '../collab-server/testing/world.ts';
import { typedSchema } from './load/type.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { setting } from './support/options.ts';
import { runBench } from './support/run.ts';
import { openWorld } from './support/world.ts';

const READERS = setting(100, 3);
const WRITERS = setting(10, 2);
const P99_MS = 100;
const NAMES = setting<readonly PeerName[]>(Object.keys(PEERS) as PeerName[], ['ours', 'bare']);
const SECONDS = setting(2, 0.3);
const FROM = setting(500, 100);
const UP_TO = setting(32_000, 200);
const HALVINGS = setting(2, 1);
/** Edits that leave this much slower than asked for were not that many a second. */
const SENT_SHARE = 0.95;

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);

  const isSustained = async (peer: Peer, perSecond: number): Promise<boolean> => {
    const { words } = await plant(world, world.who.user.id);
    const edits = Math.ceil((perSecond * SECONDS) / WRITERS);
    const warmUp = Math.ceil(edits / 10);
    const asked = {
      address: peer.address(words),
      readers: READERS,
      writers: WRITERS,
      edits,
      warmUp,
      perSecond,
      // Ten times what it may take: later is too late.
      patienceMs: 10 * P99_MS,
    };
    const typed = await load.ask('type', asked, typedSchema);
    // Whatever it still has to do is done when it answers.
    await peer.usage();
    const isSent = typed.sentPerSecond >= perSecond * SENT_SHARE;
    return typed.isComplete && isSent && typed.seenP99Ms < P99_MS;
  };
  /** Once more for what may have been the machine's fault. */
  const holds = async (peer: Peer, perSecond: number): Promise<boolean> =>
    (await isSustained(peer, perSecond)) || (await isSustained(peer, perSecond));

  const highest = async (peer: Peer): Promise<number> => {
    let sustained = 0;
    let tooMuch = FROM;
    while (tooMuch <= UP_TO && (await holds(peer, tooMuch))) {
      sustained = tooMuch;
      tooMuch *= 2;
    }
    for (let n = 0; n < HALVINGS; n += 1) {
      const between = Math.round((sustained + tooMuch) / 2);
      if (await holds(peer, between)) sustained = between;
      else tooMuch = between;
    }
    return sustained;
  };

  const found: { readonly name: PeerName; readonly perSecond: number }[] = [];
  for (const name of NAMES) {
    const peer = await Peer.start(name, world, { onStop });
    found.push({ name, perSecond: await highest(peer) });
    await peer.end();
  }
  const bare = found.find(({ name }) => name === 'bare')?.perSecond ?? 0;
  await report({
    bench: 'throughput',
    settings: { READERS, WRITERS, P99_MS, SECONDS, HALVINGS },
    results: found.map(({ name, perSecond }) => ({
      server: PEERS[name].title,
      editsPerSecond: perSecond,
      toBare: bare === 0 ? null : Math.round((perSecond / bare) * 100) / 100,
    })),
  });
});
