// Where nobody speaks: what the worker measured of each voice on a path.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { mayHear, type Person } from '#domain/access/policy.ts';
import { silencesSchema, type PathSilences } from '#domain/protocol/listening.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { takeIdSchema, userIdSchema, type TakeId } from '#domain/story/ids.ts';
import { stems, takes } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { standingAt } from '../story/standing.ts';

const rowSchema = v.object({
  id: takeIdSchema,
  author_id: userIdSchema,
  hidden: v.boolean(),
  silences: silencesSchema.entries.takes.item.entries.silences,
});

/**
 * The silences of every voice that the viewer may hear on the path to a take, seed first. Who is
 * not in it is silent throughout.
 * @throws {Problem} `not_found` for an unknown take, `unavailable`
 */
export async function readSilences(
  db: Queryable,
  takeId: TakeId,
  viewer: Person | null,
): Promise<PathSilences> {
  return await whileReachable(async () => {
    const at = await standingAt(db, takeId, viewer);
    if (at === null) throw new Problem('not_found', 'This take does not exist.');
    const { rows } = await db.execute(sql`
      with recursive path as (
        select id, parent_id, author_id, hidden_at, 0 as up from ${takes} where id = ${takeId}
        union all
        select t.id, t.parent_id, t.author_id, t.hidden_at, path.up + 1
        from ${takes} t join path on t.id = path.parent_id
      )
      select path.id, path.author_id, path.hidden_at is not null as hidden, stem.silences
      from path join ${stems} stem on stem.take_id = path.id
      order by path.up desc`);
    const heard = v
      .parse(v.array(rowSchema), rows)
      .filter(({ author_id, hidden }) =>
        mayHear(viewer, at.standing, { authorId: author_id, hidden }),
      );
    return { takes: heard.map(({ id, silences }) => ({ id, silences })) };
  });
}
