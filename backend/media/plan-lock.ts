// One rendering of a plan at a time, on all workers: the second finds what the first has made.
import { Socket } from 'node:net';
import { Client } from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;
/** With these Postgres finds within half a minute that the host of a lock is gone, seconds. */
const NOTICE_LOSS =
  '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3';
/** What the session gets to say goodbye. */
const GOODBYE_MS = 2_000;

/**
 * Runs `render` while nobody else, in any process, runs it for the same plan; whoever comes second
 * waits, or is rejected once `signal` aborts. A connection of its own holds the lock, since those of
 * a pool may not be silent for as long as rendering takes; should it be lost, the worst is that a
 * plan is rendered twice.
 */
export async function onePerPlan<T>(
  databaseUrl: string,
  { planSha256, signal }: { planSha256: string; signal: AbortSignal },
  render: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const socket = new Socket();
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: NOTICE_LOSS,
    stream: () => socket,
  });
  const lost = Promise.withResolvers<never>();
  lost.promise.catch(() => undefined); // while rendering, nobody waits for it
  client.on('error', lost.reject);
  const giveUp = () => lost.reject(signal.reason);
  signal.addEventListener('abort', giveUp);
  try {
    await Promise.race([lockPlan(client, planSha256), lost.promise]);
    return await render();
  } finally {
    signal.removeEventListener('abort', giveUp);
    // Ends the session, and the lock with it.
    const late = setTimeout(() => socket.destroy(), signal.aborted ? 0 : GOODBYE_MS);
    await client.end().catch(() => undefined);
    clearTimeout(late);
  }
}

async function lockPlan(client: Client, planSha256: string): Promise<void> {
  await client.connect();
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`plan:${planSha256}`]);
}
