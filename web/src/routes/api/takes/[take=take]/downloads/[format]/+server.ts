import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { exportLink } from '#backend/media/exports.ts';
import { exportFormatSchema } from '#domain/media/export-spec.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** A file of the path to a take: a short-lived link to it. */
export const GET: RequestHandler = endpoint(async ({ params, locals }) => {
  const { db, objects, config } = await context();
  const location = await exportLink({ db, objects }, locals.user, {
    takeId: params.take,
    origin: config.ORIGIN,
    format: v.parse(exportFormatSchema, params.format),
  });
  return new Response(null, { status: 302, headers: { location, 'cache-control': 'no-store' } });
});
