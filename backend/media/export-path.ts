// A path as somebody may take it home: its takes with their stems and words, as far as they may
// hear them.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { mayHear, type Person } from '#domain/access/policy.ts';
import type { ExportPath, ExportTake } from '#domain/media/export-spec.ts';
import { MAX_DOWNLOAD_SECONDS, MAX_DOWNLOAD_TAKES } from '#domain/protocol/downloads.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { takeIdSchema, userIdSchema, type TakeId } from '#domain/story/ids.ts';
import { takeKindSchema } from '#domain/story/take.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { formatClock, SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { stems, takes, users } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { standingAt, type TakeStanding } from '../story/standing.ts';

const rowSchema = v.object({
  id: takeIdSchema,
  kind: takeKindSchema,
  author_id: userIdSchema,
  voice: v.string(),
  hidden: v.boolean(),
  status: v.picklist(['processing', 'ready', 'failed']),
  start_samples: v.number(),
  duration_samples: v.nullable(v.number()),
  words: v.string(),
  created_ms: v.number(),
  object_key: v.nullable(v.string()),
  sha256: v.nullable(v.string()),
  bytes: v.nullable(v.number()),
  gain_db: v.nullable(v.number()),
});
type Row = v.InferOutput<typeof rowSchema>;

/**
 * The path to a take, seed first, as the viewer may hear it: of takes that are hidden from them
 * there is the place alone.
 * @param origin the address of our pages
 * @throws {Problem} `not_found`: no such take, or not theirs to hear; `conflict`: it is not ready;
 * `path_too_long`: it is longer than we make into a file; `unavailable`
 */
export function readExportPath(
  db: Queryable,
  viewer: Person | null,
  { takeId, origin }: { takeId: TakeId; origin: string },
): Promise<ExportPath> {
  return whileReachable(async () => {
    const at = await standingAt(db, takeId, viewer);
    if (at === null || at.failed || !mayHear(viewer, at.standing, at)) {
      throw new Problem('not_found', 'There is no such take.');
    }
    const found = await readRows(db, takeId);
    refuseUnfit(found);
    const address = new URL(`/s/${at.slug}`, origin);
    address.searchParams.set('take', takeId);
    return {
      title: at.title,
      address: address.href,
      takes: found.map((row) => exportTake(row, { viewer, at })),
    };
  });
}

async function readRows(db: Queryable, takeId: TakeId): Promise<Row[]> {
  const { rows } = await db.execute(sql`
    with recursive path as (
      select id, parent_id, 1 as steps from ${takes} where id = ${takeId}
      union all
      select t.id, t.parent_id, path.steps + 1
      from ${takes} t join path on t.id = path.parent_id
      where path.steps <= ${MAX_DOWNLOAD_TAKES}
    )
    select t.id, t.kind, t.author_id, t.status, t.start_samples, t.duration_samples, t.words,
      t.hidden_at is not null as hidden, extract(epoch from t.created_at)::float8 * 1000 as created_ms,
      person.name as voice, stem.object_key, stem.sha256, stem.bytes::float8 as bytes, stem.gain_db
    from path join ${takes} t on t.id = path.id
    join ${users} person on person.id = t.author_id
    left join ${stems} stem on stem.take_id = t.id
    order by path.steps desc`);
  return v.parse(v.array(rowSchema), rows);
}

function refuseUnfit(rows: readonly Row[]): void {
  if (rows.some((row) => row.status !== 'ready')) {
    throw new Problem(
      'conflict',
      'This path is still being prepared. Nothing is lost; ask again in a moment.',
    );
  }
  if (rows.length > MAX_DOWNLOAD_TAKES) {
    throw new Problem(
      'path_too_long',
      `This path has more than ${MAX_DOWNLOAD_TAKES} takes, the most that we make into one file. ` +
        'Choose an earlier ending.',
    );
  }
  const last = rows.at(-1);
  const end = last === undefined ? 0 : endOf(spanOf(last));
  if (end > MAX_DOWNLOAD_SECONDS * SAMPLE_RATE) {
    throw new Problem(
      'path_too_long',
      `This path is ${formatClock(end)} long, and the longest that we make into one file is ` +
        `${formatClock(MAX_DOWNLOAD_SECONDS * SAMPLE_RATE)}. Choose an earlier ending.`,
    );
  }
}

function spanOf({ id, start_samples, duration_samples }: Row) {
  if (duration_samples === null) throw new Error(`take ${id} is ready without a length`);
  return { startSamples: start_samples, durationSamples: duration_samples };
}

function exportTake(
  row: Row,
  { viewer, at }: { viewer: Person | null; at: TakeStanding },
): ExportTake {
  const heard = mayHear(viewer, at.standing, { authorId: row.author_id, hidden: row.hidden });
  const stem = heard ? stemOf(row) : null;
  return {
    id: row.id,
    kind: row.kind,
    heard,
    voice: row.voice,
    ...spanOf(row),
    gainDb: stem?.gainDb ?? null,
    words: heard ? row.words : '',
    createdAtMs: Math.round(row.created_ms),
    stem,
  };
}

function stemOf({ id, kind, object_key, sha256, bytes, gain_db }: Row): ExportTake['stem'] {
  if (kind === 'text') return null;
  if (object_key === null || sha256 === null || bytes === null || gain_db === null) {
    throw new Error(`take ${id} has no stem`);
  }
  return { objectKey: object_key, sha256, bytes, gainDb: gain_db };
}
