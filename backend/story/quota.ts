// How many takes one person may publish, so that nobody drowns a story or the worker.
import { and, eq, gt, sql } from 'drizzle-orm';
import { Problem } from '#domain/protocol/problem.ts';
import type { UserId } from '#domain/story/ids.ts';
import { takes } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';

/** Takes that one person may publish within an hour, in all stories together. */
export const TAKES_PER_HOUR = 60;
/** With fewer left than this, the answer to a take says how many: nobody is stopped unwarned. */
export const WARN_BELOW = 6;

/**
 * Takes one of the takes that a person may still publish in this hour. Until the transaction ends,
 * other takes of theirs wait, so that many at once are counted too.
 * @returns how many are left after this one
 * @throws {Problem} `too_many_requests`
 */
export async function claimQuota(tx: Transaction, author: UserId): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`quota:${author}`}, 0))`);
  const published = await tx.$count(
    takes,
    and(eq(takes.authorId, author), gt(takes.createdAt, sql`now() - interval '1 hour'`)),
  );
  const left = TAKES_PER_HOUR - published - 1;
  if (left >= 0) return left;
  throw new Problem(
    'too_many_requests',
    `You published ${TAKES_PER_HOUR} takes within an hour, and that is all we take from one ` +
      'person. This one is safe on your device; publish it a little later.',
  );
}
