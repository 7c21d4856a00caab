import type { RequestHandler } from './$types';
import { restoreWords } from '#backend/words/restore.ts';
import { restoreWordsSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** Bring the words of a version back. */
export const POST: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const command = await readBody(event.request, restoreWordsSchema);
  const { db } = await context();
  await restoreWords(db, person, { takeId: event.params.take, ...command });
  return new Response(null, { status: 204 });
});
