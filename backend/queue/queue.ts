// The one queue: pg-boss on our Postgres. A job is sent in the transaction that makes it due, is
// picked up by NOTIFY, and is run at least once: handlers must bear being run again.
import { sql } from 'drizzle-orm';
import { fromDrizzle, PgBoss, type JobWithMetadata } from 'pg-boss';
import * as v from 'valibot';
import type { UserId } from '#domain/story/ids.ts';
import {
  deadLetterOf,
  jobNames,
  jobSchemas,
  type JobName,
  type JobPayload,
} from '#domain/protocol/jobs.ts';
import type { Logger } from '../log.ts';
import type { Queryable } from '../postgres/database.ts';
import { nextTurn, standingOf } from './turns.ts';

export interface WorkOptions<N extends JobName> {
  /** Jobs of this name that run at once in this process. */
  readonly concurrency: number;
  /** How many of them may be one person's; the rest is kept free for others. Unset: all. */
  readonly perPerson?: number;
  /**
   * Called once the retries of a job are spent, however its workers ended; itself retried if it
   * throws. This is where its subject is told that nothing more will happen, or is tried again later
   * with a job of its own. Without it nothing more happens.
   */
  readonly onDead?: (payload: JobPayload<N>) => Promise<void>;
}

export interface JobContext {
  /** Aborts when the job has taken too long, lost its claim to another worker, or we stop. */
  readonly signal: AbortSignal;
}

export type JobHandler<N extends JobName> = (
  payload: JobPayload<N>,
  context: JobContext,
) => Promise<void>;

export interface SendOptions {
  /** Whose work it is: people take turns, so that the many jobs of one keep no other waiting. */
  readonly onBehalfOf?: UserId;
  /** At most one such job is sent in each stretch of so many seconds, by whomever. */
  readonly oncePerSeconds?: number;
  /** It is run no sooner than so many seconds from now. */
  readonly afterSeconds?: number;
  /** Counts only jobs of the same subject for that. */
  readonly about?: string;
}

export interface DeadLetter {
  readonly id: string;
  readonly name: JobName;
  readonly payload: unknown;
  /** What the last attempt died of, as pg-boss kept it. */
  readonly error: unknown;
  readonly diedAt: Date;
}

export interface Queue {
  /** Enqueues a job when `tx` commits, and not at all if it rolls back. */
  send<N extends JobName>(
    name: N,
    payload: JobPayload<N>,
    tx: Queryable,
    options?: SendOptions,
  ): Promise<void>;
  /** The same for many, in one statement. */
  sendMany<N extends JobName>(
    name: N,
    payloads: readonly JobPayload<N>[],
    tx: Queryable,
    options?: SendOptions,
  ): Promise<void>;
  /** Runs jobs of a name until `stop`. A handler that throws has its job retried, with backoff. */
  work<N extends JobName>(name: N, options: WorkOptions<N>, handler: JobHandler<N>): Promise<void>;
  /** Jobs whose retries are spent, newest first. */
  deadLetters(): Promise<DeadLetter[]>;
  /**
   * Takes no more jobs, gives those that run two seconds, then aborts their signals and gives back
   * what is still not done, to be run again by another worker. Within six seconds.
   */
  stop(): Promise<void>;
}

/**
 * Attempts after the first. Further and further apart, up to a minute, they span ten minutes or so:
 * a store or database that is away for less makes a job late, and nothing else. What becomes of one
 * that needs longer is for its `onDead` to say.
 */
const RETRIES = 14;
/**
 * A worker renews its claim on a job every five seconds. One that is gone is noticed after 15, by
 * any other process with a queue open, at the latest five seconds on: well inside a minute with
 * the backoff of the retry.
 */
const HEARTBEAT_SECONDS = 15;
const HEARTBEAT_REFRESH_SECONDS = 5;
const WATCH_SECONDS = 5;
/** How often a worker looks for due retries, which no NOTIFY announces. */
const POLL_SECONDS = 1;
/** Longest run of one attempt, in seconds. */
const EXPIRE_SECONDS: Record<JobName, number> = {
  'take.ingest': 900,
  'take.render': 900,
  'mix.renew': 900,
  'alert.deliver': 60,
  'store.sweep': 900,
  'path.export': 1_800,
  'export.sweep': 300,
};
/** How long a job that is done is kept, in seconds; what is sent once a day is known by it. */
const KEEP_DONE_SECONDS = 2 * 86_400;
const KEEP_SECONDS = 14 * 86_400;
const GRACE_MS = 2_000;
const STOP_MS = 3_000;

/**
 * Opens the queue: creates or updates its tables and queues, safe for several processes at once.
 * Rejects if Postgres is away; once open it comes back by itself.
 */
export async function openQueue(url: string, { log }: { log: Logger }): Promise<Queue> {
  const boss = new PgBoss({
    connectionString: url,
    application_name: 'tap-story queue',
    max: 4,
    useListenNotify: true,
    schedule: false,
    superviseIntervalSeconds: WATCH_SECONDS,
    monitorIntervalSeconds: WATCH_SECONDS,
    queueCacheIntervalSeconds: WATCH_SECONDS,
  });
  boss.on('error', (error) => log.error({ err: error }, 'the queue met an error'));
  boss.on('warning', (warning) => log.warn({ warning }, 'the queue warns'));
  await boss.start();
  try {
    for (const name of jobNames) await declare(boss, name);
  } catch (error) {
    await boss.stop({ graceful: false });
    throw error;
  }
  return new BossQueue(boss, log);
}

/** Creates a job's queue and its dead letters', or brings them to what this version wants. */
async function declare(boss: PgBoss, name: JobName): Promise<void> {
  const dead = deadLetterOf(name);
  const common = {
    notify: true,
    retryLimit: RETRIES,
    retryDelay: 1,
    retryBackoff: true,
    retryDelayMax: 60,
    retentionSeconds: KEEP_SECONDS,
    expireInSeconds: EXPIRE_SECONDS[name],
    heartbeatSeconds: HEARTBEAT_SECONDS,
  };
  for (const [queue, options] of [
    [dead, { ...common, deleteAfterSeconds: KEEP_SECONDS }],
    [name, { ...common, deleteAfterSeconds: KEEP_DONE_SECONDS, deadLetter: dead }],
  ] as const) {
    await boss.createQueue(queue, options);
    await boss.updateQueue(queue, options);
  }
}

type Run = (job: JobWithMetadata<unknown>) => Promise<void>;

class BossQueue implements Queue {
  readonly #boss: PgBoss;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  #running = 0;
  #stopped: Promise<void> | undefined;

  constructor(boss: PgBoss, log: Logger) {
    this.#boss = boss;
    this.#log = log;
  }

  send<N extends JobName>(
    name: N,
    payload: JobPayload<N>,
    tx: Queryable,
    options?: SendOptions,
  ): Promise<void> {
    return this.sendMany(name, [payload], tx, options);
  }

  async sendMany<N extends JobName>(
    name: N,
    payloads: readonly JobPayload<N>[],
    tx: Queryable,
    { onBehalfOf, oncePerSeconds, afterSeconds, about }: SendOptions = {},
  ): Promise<void> {
    if (payloads.length === 0) return;
    const turns = onBehalfOf && {
      first: nextTurn(await standingOf(tx, name, onBehalfOf)),
      group: { id: onBehalfOf },
    };
    const jobs = payloads.map((payload, index) => ({
      data: v.parse(jobSchemas[name], payload),
      ...(turns && { priority: -(turns.first + index), group: turns.group }),
      ...(oncePerSeconds !== undefined && { singletonSeconds: oncePerSeconds }),
      ...(afterSeconds !== undefined && { startAfter: afterSeconds }),
      ...(about !== undefined && { singletonKey: about }),
    }));
    await this.#boss.insert(name, jobs, { db: fromDrizzle(tx, sql) });
  }

  async work<N extends JobName>(
    name: N,
    { concurrency, perPerson = concurrency, onDead }: WorkOptions<N>,
    handler: JobHandler<N>,
  ): Promise<void> {
    await this.#serve(deadLetterOf(name), { concurrency: 1 }, async (job) => {
      this.#log.error(
        { job: job.sourceId, name, payload: job.data, error: job.sourceOutput },
        'a job is dead: its retries are spent',
      );
      await onDead?.(parsePayload(name, job.data));
    });
    await this.#serve(name, { concurrency, perPerson }, async (job) => {
      const signal = AbortSignal.any([job.signal, this.#stopping.signal]);
      await handler(parsePayload(name, job.data), { signal });
    });
  }

  async deadLetters(): Promise<DeadLetter[]> {
    const found = await Promise.all(
      jobNames.map(async (name) => {
        const jobs = await this.#boss.findJobs<unknown>(deadLetterOf(name));
        return jobs.map((job) => ({
          id: job.id,
          name,
          payload: job.data,
          error: job.sourceOutput,
          diedAt: job.createdOn,
        }));
      }),
    );
    return found.flat().toSorted((a, b) => b.diedAt.getTime() - a.diedAt.getTime());
  }

  stop(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async #stop(): Promise<void> {
    const abort = setTimeout(
      () => this.#stopping.abort(new Error('the worker is stopping')),
      this.#running > 0 ? GRACE_MS : 0,
    );
    await this.#boss.stop({ graceful: true, timeout: GRACE_MS + STOP_MS });
    clearTimeout(abort);
    this.#stopping.abort(new Error('the worker has stopped'));
  }

  async #serve(
    queue: string,
    { concurrency, perPerson = concurrency }: { concurrency: number; perPerson?: number },
    run: Run,
  ): Promise<void> {
    const options = {
      includeMetadata: true,
      localConcurrency: concurrency,
      ...(perPerson < concurrency && { localGroupConcurrency: perPerson }),
      // Without it a worker whose job was short sleeps out the second before it takes the next.
      burstWhenReadyExceeds: 1,
      pollingIntervalSeconds: POLL_SECONDS,
      notifyPollingIntervalSeconds: POLL_SECONDS,
      heartbeatRefreshSeconds: HEARTBEAT_REFRESH_SECONDS,
    } as const;
    await this.#boss.work<unknown, void, typeof options>(queue, options, async (jobs) => {
      for (const job of jobs) await this.#attempt(job, run);
    });
  }

  async #attempt(job: JobWithMetadata<unknown>, run: Run): Promise<void> {
    this.#running += 1;
    try {
      await run(job);
    } catch (error) {
      this.#log.warn(
        { err: error, job: job.id, name: job.name, attempt: job.retryCount + 1 },
        'an attempt of a job failed',
      );
      throw error;
    } finally {
      this.#running -= 1;
    }
  }
}

/** Narrows what the database holds to what the handler was promised; throws on anything else. */
function parsePayload<N extends JobName>(name: N, data: unknown): JobPayload<N> {
  const schema: v.GenericSchema<unknown, JobPayload<N>> = jobSchemas[name];
  return v.parse(schema, data);
}
