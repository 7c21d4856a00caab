import { json } from '@sveltejs/kit';
import * as v from 'valibot';
import type { RequestHandler } from './$types';
import {
  removePushSubscription,
  savePushSubscription,
} from '#backend/notifications/push-subscriptions.ts';
import { pushSubscriptionSchema } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { context } from '#lib/server/context.ts';
import { endpoint, personOf, readBody } from '#lib/server/endpoint.ts';

/** The key that browsers subscribe with. */
export const GET: RequestHandler = endpoint(async () => {
  const { channels } = await context();
  if (channels.webPush === null) {
    throw new Problem('unavailable', 'This site sends no push alerts. News waits in the inbox.');
  }
  return json({ publicKey: channels.webPush.publicKey });
});

/** Alert this browser, too. */
export const POST: RequestHandler = endpoint(async (event) => {
  const { id } = personOf(event);
  const subscription = await readBody(event.request, pushSubscriptionSchema);
  await savePushSubscription(await context(), id, subscription);
  return new Response(null, { status: 204 });
});

/** Alert this browser no more. */
export const DELETE: RequestHandler = endpoint(async (event) => {
  const { id } = personOf(event);
  const { endpoint } = await readBody(event.request, endpointSchema);
  const { db } = await context();
  await removePushSubscription(db, id, endpoint);
  return new Response(null, { status: 204 });
});

const endpointSchema = v.object({ endpoint: pushSubscriptionSchema.entries.endpoint });
