import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import type { RequestHandler } from './$types';
import { forgetWords } from '#backend/words/forget.ts';
import { readHistory } from '#backend/words/history.ts';
import { versionSeqSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

const pageSchema = v.nullable(v.pipe(v.string(), v.toNumber(), versionSeqSchema));

/** Who changed which words when, newest first. */
export const GET: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  const before = v.parse(pageSchema, event.url.searchParams.get('before'));
  const { db } = await context();
  const history = await readHistory(db, person, { takeId: event.params.take, before });
  return json(history, { headers: { 'cache-control': 'no-store' } });
});

/** Forget every version but the words as they are. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const person = personOf(event);
  await readBody(event.request, v.strictObject({}));
  const { db } = await context();
  await forgetWords(db, person, { takeId: event.params.take, seq: null });
  return new Response(null, { status: 204 });
});
