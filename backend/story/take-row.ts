// A take as the rows have it, turned into what the domain speaks of.
import { sql } from 'drizzle-orm';
import type { PathTake, Take, TakeState } from '#domain/story/take.ts';
import { mixes, takes } from '#drizzle/schema.ts';

/**
 * How many mixes of a take are played, by whichever version, one for each set of voices; for a
 * select list over `takes`.
 */
const mixCount = sql<number>`(
  select count(*)::integer from ${mixes}
  where ${mixes.takeId} = ${takes.id} and ${mixes.supersededAt} is null)`;

/** What says where paths lead; without the mixes, which are counted one by one. */
export const pathTakeColumns = {
  id: takes.id,
  parentId: takes.parentId,
  authorId: takes.authorId,
  startSamples: takes.startSamples,
  durationSamples: takes.durationSamples,
  createdAt: takes.createdAt,
  status: takes.status,
  likeCount: takes.likeCount,
  hiddenAt: takes.hiddenAt,
};

export const takeColumns = {
  ...pathTakeColumns,
  kind: takes.kind,
  timing: takes.timing,
  failure: takes.failure,
  mixes: mixCount,
};

type PathTakeRow = Pick<typeof takes.$inferSelect, keyof typeof pathTakeColumns>;
type TakeRow = PathTakeRow &
  Pick<typeof takes.$inferSelect, 'kind' | 'timing' | 'failure'> & { readonly mixes: number };

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

export function pathTakeOf({
  createdAt,
  status,
  likeCount,
  hiddenAt,
  ...row
}: PathTakeRow): PathTake {
  const state = { status, ...opinionOf({ likeCount, hiddenAt }) };
  return { ...row, createdAtMs: createdAt.getTime(), state };
}

function stateOf({ status, failure, mixes, likeCount, hiddenAt }: TakeRow): TakeState {
  const rest = opinionOf({ likeCount, hiddenAt });
  if (status === 'processing') return { status, ...rest };
  if (status === 'ready') return { status, mixed: mixes > 0, ...(mixes > 1 && { mixes }), ...rest };
  return { status, reason: failure ?? 'internal', ...rest };
}

/** What people made of a take. */
function opinionOf({ likeCount, hiddenAt }: Pick<PathTakeRow, 'likeCount' | 'hiddenAt'>) {
  return {
    ...(likeCount > 0 && { likes: likeCount }),
    ...(hiddenAt !== null && { hidden: true as const }),
  };
}
