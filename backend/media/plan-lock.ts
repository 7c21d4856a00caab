// One rendering of a plan at a time, on all workers: the second finds what the first has made.
import { Client } from 'pg';

const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Runs `render` while nobody else, in any process, runs it for the same plan; whoever comes second
 * waits. A connection of its own holds the lock, since those of a pool may not be silent for as
 * long as rendering takes; should it be lost, the worst is that a plan is rendered twice.
 */
export async function onePerPlan<T>(
  databaseUrl: string,
  planSha256: string,
  render: () => Promise<T>,
): Promise<T> {
  const client = new Client({
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
  });
  const lost = Promise.withResolvers<never>();
  client.on('error', lost.reject);
  lost.promise.catch(() => undefined); // while rendering, nobody waits for it
  try {
    await client.connect();
    await Promise.race([
      client.query('select pg_advisory_lock(hashtextextended($1, 0))', [`plan:${planSha256}`]),
      lost.promise,
    ]);
    return await render();
  } finally {
    // Ends the session, and the lock with it.
    await client.end();
  }
}
