import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { forgetWords } from '#backend/words/forget.ts';
import { versionSeqSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

const seqSchema = v.pipe(v.string(), v.toNumber(), versionSeqSchema);

/** Forget one version. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const seq = v.parse(seqSchema, event.params.seq);
  const { db } = await context();
  await forgetWords(db, person, { takeId: event.params.take, seq });
  return new Response(null, { status: 204 });
});
