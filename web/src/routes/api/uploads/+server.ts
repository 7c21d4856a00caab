import { json } from '@sveltejs/kit';
import type { RequestHandler } from './$types';
import { announceUpload } from '#backend/uploads/uploads.ts';
import { announceUploadSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Announce a file; the answer says where its parts go. */
export const POST: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const announcement = await readBody(event.request, announceUploadSchema);
  return json(await announceUpload(await context(), person, announcement), { status: 201 });
});
