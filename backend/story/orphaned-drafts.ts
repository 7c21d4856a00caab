// Draft documents that nobody can open any more, because their story or their author is gone for good.
import { sql } from 'drizzle-orm';
import {
  documentClients,
  documentSnapshots,
  documentUpdates,
  isDraft,
  stories,
  users,
} from '#drizzle/schema.ts';
import type { Database } from '../postgres/database.ts';
import { RETURN_DAYS } from './delete-story.ts';

/**
 * Deletes them: logs, snapshots and client ids. What is written into one at this moment is found
 * the next time. @returns how many there were
 */
export async function deleteOrphanedDrafts(db: Database): Promise<number> {
  const { rows } = await db.execute<{ gone: number }>(sql`
    with drafts as (
      select ${documentSnapshots.document} as document
      from ${documentSnapshots} where ${isDraft(documentSnapshots.document)}
      union
      select ${documentUpdates.document}
      from ${documentUpdates} where ${isDraft(documentUpdates.document)}
    ), gone as (
      select document from drafts
      where not exists (
        select from ${users} where ${users.id} = split_part(document, ':', 2)::uuid)
      or not exists (
        select from ${stories} where ${stories.id} = split_part(document, ':', 3)::uuid
        and (${stories.deletedAt} is null
          or ${stories.deletedAt} > now() - ${RETURN_DAYS}::integer * interval '1 day'))
    ), snapshots as (
      delete from ${documentSnapshots} where document in (select document from gone)
    ), updates as (
      delete from ${documentUpdates} where document in (select document from gone)
    ), clients as (
      delete from ${documentClients} where document in (select document from gone)
    )
    select count(*)::int as gone from gone`);
  return rows[0]?.gone ?? 0;
}
