import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { askExport, exportStates } from '#backend/media/exports.ts';
import { askDownloadSchema } from '#domain/protocol/downloads.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

const headers = { 'cache-control': 'no-store' };

/** How far each file of the path to a take is. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db, config } = await context();
  const asked = { takeId: params.take, origin: config.ORIGIN };
  return json(await exportStates(db, locals.user, asked), { headers });
});

/** Have the path to a take made into a file. */
export const POST: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const { format } = await readBody(event.request, askDownloadSchema);
  const { db, queue, config } = await context();
  const asked = { takeId: event.params.take, origin: config.ORIGIN, format };
  return json(await askExport({ db, queue }, person, asked), { status: 202, headers });
});
