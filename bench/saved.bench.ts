// How long "saved" takes when nothing else happens: one edit after the other, beside a bare INSERT
// of as many bytes on the same Postgres, which is what a commit costs here at the least.
import { Client } from 'pg';
import { plant } from '../collab-server/testing/world.ts';
import { editedSchema } from './load/edit.ts';
import { PEERS, Peer, startLoad, type PeerName } from './support/peers.ts';
import { report } from './support/report.ts';
import { setting } from './support/options.ts';
import { runBench } from './support/run.ts';
import { percentile, rounded } from './support/statistics.ts';
import { openWorld } from './support/world.ts';

const EDITS = setting(300, 10);
/** The first ones are not counted. */
const WARM_UP = setting(30, 2);
/** About an edit of one character. */
const BYTES = 30;
const GOAL_MS = 100;

await runBench(async (onStop) => {
  const world = await openWorld(onStop);
  const load = await startLoad(onStop);

  const edit = async (name: PeerName): Promise<readonly number[]> => {
    const peer = await Peer.start(name, world, { onStop });
    const { words } = await plant(world, world.who.user.id);
    const asked = { address: peer.address(words), kind: 'words', edits: EDITS };
    const tookMs = await load.ask('edit', asked, editedSchema);
    await peer.end();
    return tookMs;
  };

  const insert = async (): Promise<readonly number[]> => {
    const client = new Client({ connectionString: world.url });
    await client.connect();
    try {
      await client.query('create table bare_inserts (n bigserial primary key, bytes bytea)');
      const tookMs: number[] = [];
      for (let n = 0; n < EDITS; n += 1) {
        const beganMs = performance.now();
        await client.query('insert into bare_inserts (bytes) values ($1)', [Buffer.alloc(BYTES)]);
        tookMs.push(performance.now() - beganMs);
      }
      return tookMs;
    } finally {
      await client.end();
    }
  };

  const row = (what: string, says: string, tookMs: readonly number[]) => ({
    what,
    says,
    p50Ms: rounded(percentile(tookMs.slice(WARM_UP), 0.5)),
    p95Ms: rounded(percentile(tookMs.slice(WARM_UP), 0.95)),
  });
  const inserted = row('one INSERT', 'committed', await insert());
  const ours = row(PEERS.ours.title, 'committed', await edit('ours'));
  const results = [
    inserted,
    ours,
    row(PEERS.bare.title, 'applied in memory', await edit('bare')),
    row(PEERS.database.title, 'applied in memory', await edit('database')),
  ].map((told) => ({ ...told, p50ToInsert: rounded(told.p50Ms / inserted.p50Ms) }));
  await report({
    bench: 'saved',
    settings: { EDITS, WARM_UP, BYTES },
    results,
    goals: [{ goal: 'edit to saved, p95, ms', atMost: GOAL_MS, measured: ours.p95Ms }],
  });
});
