import type { RequestHandler } from './$types';
import { serveDiskObject } from '#backend/storage/disk-http.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint } from '#lib/server/endpoint.ts';

/** Signed links to objects on disk. */
const serve = endpoint(async ({ request }) => {
  const { diskHttp } = await context();
  if (diskHttp === null) throw new Problem('not_found', 'There is nothing here.');
  return serveDiskObject(request, diskHttp);
});

export const GET: RequestHandler = serve;
export const HEAD: RequestHandler = serve;
export const PUT: RequestHandler = serve;
