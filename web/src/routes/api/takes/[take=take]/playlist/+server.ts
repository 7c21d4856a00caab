import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { codecSchema } from '#domain/timeline/path-packs.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';
import { pathPlaylist } from '#lib/server/path-playlist.ts';
import { webLog } from '#lib/server/web-log.ts';

/** Where the sound of the path to a take lies. `?codec=opus`, or AAC. */
export const GET: RequestHandler = endpoint(async ({ params, url, locals }) => {
  const codec = v.parse(codecSchema, url.searchParams.get('codec') ?? 'aac');
  const { db, objects, queue, diskHttp } = await context();
  const deps = { db, objects, queue, log: webLog(), isOwnStore: diskHttp !== null };
  const playlist = await pathPlaylist(deps, params.take, { codec, viewer: locals.user });
  // Its links expire, and the path may grow.
  return Response.json(playlist, { headers: { 'cache-control': 'private, no-store' } });
});
