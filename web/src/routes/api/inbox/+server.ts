import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { countUnread, markRead, readInbox } from '#backend/notifications/inbox.ts';
import { takeIdSchema } from '#domain/story/ids.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Lines, newest first, and how many are unread. `?beforeMs=` goes on after a page. */
export const GET: RequestHandler = endpoint(async (event) => {
  const { id } = personOf(event);
  const { db } = await context();
  const before = v.parse(beforeSchema, event.url.searchParams.get('beforeMs'));
  const [lines, unread] = await Promise.all([
    readInbox(db, id, before === null ? {} : { beforeMs: before }),
    countUnread(db, id),
  ]);
  return json({ lines, unread }, { headers: { 'cache-control': 'no-store' } });
});

/** Mark one line, the lines about one take, or all as read. */
export const POST: RequestHandler = endpoint(async (event) => {
  const { id } = personOf(event);
  const { db } = await context();
  await markRead(db, id, await readBody(event.request, whichSchema));
  return new Response(null, { status: 204 });
});

const beforeSchema = v.nullable(v.pipe(v.string(), v.toNumber(), v.integer(), v.minValue(0)));
const whichSchema = v.union([
  v.literal('all'),
  v.strictObject({ id: v.pipe(v.string(), v.uuid()) }),
  v.strictObject({ takeId: takeIdSchema }),
]);
