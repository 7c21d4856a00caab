import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { takeIdSchema } from '#domain/story/ids.ts';
import { codecSchema } from '#domain/timeline/path-packs.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';
import { streamPath } from '#lib/server/path-stream.ts';
import { webLog } from '#lib/server/web-log.ts';

/** The path from the seed to a take, as one audio file. `?codec=opus`, or AAC. */
const stream = endpoint(async ({ request, params, url, locals }) => {
  const codec = v.parse(codecSchema, url.searchParams.get('codec') ?? 'aac');
  const deps = { ...(await context()), log: webLog() };
  return streamPath(request, deps, v.parse(takeIdSchema, params['take']), {
    codec,
    viewer: locals.user,
  });
});

export const GET: RequestHandler = stream;
export const HEAD: RequestHandler = stream;
