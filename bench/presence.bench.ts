// What people who do nothing cost the others: frames of presence delivered to 500 of them.
import { plant } from '../collab-server/testing/world.ts';
import { wasPresentSchema } from './load/be-present.ts';
import { setting } from './support/options.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const CLIENTS = setting(500, 5);
/** As Yjs' own clients do. */
const RENEW_MS = setting(15_000, 500);
/** About as long, and twice as long as ours gathers renewals. */
const COUNT_MS = setting(16_000, 3_000);
const NAMES = ['ours', 'bare', 'yWebsocket'] as const satisfies readonly PeerName[];
/** Ours to the others. */
const GOAL_SHARE = 0.05;

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);
  const found = [];
  for (const name of NAMES) {
    const peer = await Peer.start(name, world, { onStop });
    const { tree } = await plant(world, world.who.user.id);
    const asked = { address: peer.address(tree), clients: CLIENTS };
    const before = await peer.usage();
    const beganMs = performance.now();
    const told = await load.ask(
      'bePresent',
      { ...asked, renewMs: RENEW_MS, countMs: COUNT_MS },
      wasPresentSchema,
    );
    const tookMs = performance.now() - beganMs;
    const cores = ((await peer.usage()).cpuMs - before.cpuMs) / tookMs;
    found.push({ name, ...told, cores: rounded(cores) });
    await peer.end();
  }
  const stock = found.find(({ name }) => name === 'bare')?.deliveredPerSecond ?? Number.NaN;
  const results = found.map(({ name, deliveredPerSecond, cores }) => ({
    server: PEERS[name].title,
    deliveredPerSecond,
    toBare: rounded(deliveredPerSecond / stock),
    cores,
  }));
  await report({
    bench: 'presence',
    settings: { CLIENTS, RENEW_MS, COUNT_MS },
    results,
    goals: [
      {
        goal: "messages of presence, share of bare Hocuspocus'",
        atMost: GOAL_SHARE,
        measured: results[0]?.toBare ?? Number.NaN,
      },
    ],
  });
});
