// People take turns: whoever sends many jobs at once has them run between everybody's, not before.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import type { JobName } from '#domain/protocol/jobs.ts';
import type { UserId } from '#domain/story/ids.ts';
import type { Queryable } from '../postgres/database.ts';

/** Where one person stands in a queue. Turns are whole numbers and are served in order. */
export interface Standing {
  /** The turn that is being served: the earliest of all jobs that wait or run. */
  readonly served: number;
  /** The latest turn of this person's unfinished jobs; null if they have none. */
  readonly last: number | null;
}

const standingSchema = v.pipe(
  v.array(v.object({ served: v.number(), last: v.nullable(v.number()) })),
  v.length(1),
);

/**
 * The turn of a person's next job (start-time fair queueing): after their own, and not before what
 * is being served, so that somebody who comes back gets nothing for the time they were away.
 */
export function nextTurn({ served, last }: Standing): number {
  return last === null ? served : Math.max(served, last + 1);
}

/**
 * Reads where a person stands. Two transactions of one person that do not see each other may give
 * out the same turn: then both jobs are a little early, and nobody is kept waiting.
 */
export async function standingOf(tx: Queryable, name: JobName, person: UserId): Promise<Standing> {
  // pg-boss has a job's turn as its priority, highest first, and the person as its group.
  const { rows } = await tx.execute(sql`
    select coalesce(-max(priority) filter (where state in ('created', 'active')), 0)::int as served,
           -min(priority) filter (where group_id = ${person}) as last
    from pgboss.job where name = ${name} and state in ('created', 'retry', 'active')`);
  const [standing] = v.parse(standingSchema, rows);
  if (standing === undefined) throw new Error('standingOf: an aggregate without a row');
  return standing;
}
