// Telling a story's followers that it has grown.
import { sql } from 'drizzle-orm';
import * as v from 'valibot';
import { userIdSchema, type TakeId } from '#domain/story/ids.ts';
import { follows, notifications, stories, takes } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';
import type { Queue } from '../queue/queue.ts';

const rowsSchema = v.array(v.object({ id: v.string(), user_id: userIdSchema }));

/**
 * Writes a line into the inbox of each follower but the take's author, and enqueues its delivery,
 * in the transaction that makes the take playable. Announcing a take again adds nothing, and a
 * seed is nobody's answer: who follows a story before its seed is ready is told nothing of it.
 */
export async function announceBranch(tx: Transaction, queue: Queue, takeId: TakeId): Promise<void> {
  const { rows } = await tx.execute(sql`
    insert into ${notifications} (id, user_id, story_id, take_id)
    select gen_random_uuid(), follow.user_id, take.story_id, take.id
    from ${takes} take
    join ${stories} story on story.id = take.story_id and story.deleted_at is null
    join ${follows} follow on follow.story_id = take.story_id
    where take.id = ${takeId} and take.parent_id is not null
      and follow.user_id <> take.author_id
    on conflict (user_id, take_id) do nothing
    returning id, user_id`);
  const added = v.parse(rowsSchema, rows);
  if (added.length === 0) return;
  const payloads = added.map(({ id }) => ({ notificationId: id }));
  await queue.sendMany('alert.deliver', payloads, tx);
  const notices = added.map((row) => JSON.stringify({ userId: row.user_id }));
  await tx.execute(
    sql`select pg_notify('inbox', notice) from unnest(${sql.param(notices)}::text[]) as notice`,
  );
}
