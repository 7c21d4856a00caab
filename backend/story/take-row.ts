// A take as the rows have it, turned into what the domain speaks of.
import { sql } from 'drizzle-orm';
import type { Take, TakeState } from '#domain/story/take.ts';
import { mixes, takes } from '#drizzle/schema.ts';

/**
 * How many mixes of a take are played, by whichever version, one for each set of voices; for a
 * select list over `takes`.
 */
const mixCount = sql<number>`(
  select count(*)::integer from ${mixes}
  where ${mixes.takeId} = ${takes.id} and ${mixes.supersededAt} is null)`;

export const takeColumns = {
  id: takes.id,
  parentId: takes.parentId,
  authorId: takes.authorId,
  kind: takes.kind,
  startSamples: takes.startSamples,
  durationSamples: takes.durationSamples,
  createdAt: takes.createdAt,
  timing: takes.timing,
  status: takes.status,
  failure: takes.failure,
  likeCount: takes.likeCount,
  hiddenAt: takes.hiddenAt,
  mixes: mixCount,
};

type TakeRow = Pick<
  typeof takes.$inferSelect,
  | 'id'
  | 'parentId'
  | 'authorId'
  | 'kind'
  | 'startSamples'
  | 'durationSamples'
  | 'createdAt'
  | 'timing'
  | 'status'
  | 'failure'
  | 'likeCount'
  | 'hiddenAt'
> & { readonly mixes: number };

export function takeOf(row: TakeRow): Take {
  return {
    id: row.id,
    parentId: row.parentId,
    authorId: row.authorId,
    kind: row.kind,
    startSamples: row.startSamples,
    durationSamples: row.durationSamples,
    createdAtMs: row.createdAt.getTime(),
    ...(row.timing !== null && { timing: row.timing }),
    state: stateOf(row),
  };
}

function stateOf({ status, failure, mixes, likeCount, hiddenAt }: TakeRow): TakeState {
  const rest = {
    ...(likeCount > 0 && { likes: likeCount }),
    ...(hiddenAt !== null && { hidden: true as const }),
  };
  if (status === 'processing') return { status, ...rest };
  if (status === 'ready') return { status, mixed: mixes > 0, ...(mixes > 1 && { mixes }), ...rest };
  return { status, reason: failure ?? 'internal', ...rest };
}
