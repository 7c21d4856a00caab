// A take as the rows have it, turned into what the domain speaks of.
import { sql } from 'drizzle-orm';
import type { Take, TakeState } from '#domain/story/take.ts';
import { mixes, takes } from '#drizzle/schema.ts';

/** True for a take whose region is rendered, by whichever version; for a select list over `takes`. */
export const isMixed = sql<boolean>`exists (
  select 1 from ${mixes} where ${mixes.takeId} = ${takes.id})`;

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
  mixed: isMixed,
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
> & { readonly mixed: boolean };

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

function stateOf({ status, failure, mixed, likeCount, hiddenAt }: TakeRow): TakeState {
  const rest = {
    ...(likeCount > 0 && { likes: likeCount }),
    ...(hiddenAt !== null && { hidden: true as const }),
  };
  if (status === 'processing') return { status, ...rest };
  if (status === 'ready') return { status, mixed, ...rest };
  return { status, reason: failure ?? 'internal', ...rest };
}
