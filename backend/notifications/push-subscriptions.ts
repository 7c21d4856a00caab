// The browsers that somebody wants alerts on.
import { randomUUID } from 'node:crypto';
import { and, desc, eq, inArray } from 'drizzle-orm';
import type { PushSubscriptionBody } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { UserId } from '#domain/story/ids.ts';
import { pushSubscriptions } from '#drizzle/schema.ts';
import { assertPushEndpoint } from '../integrations/push-endpoint.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import type { PushChannels } from './channels.ts';

/** Browsers of one person; another one takes the place of the oldest. */
export const MAX_SUBSCRIPTIONS = 20;

export interface PushSubscription {
  readonly id: string;
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

/**
 * Keeps a browser's subscription. The endpoint belongs to one person: whoever subscribes with it
 * last, since a browser has one at a time.
 * @throws {Problem} `bad_request` for an endpoint that is no push service's, `unavailable` if this
 *   site has no Web Push
 */
export async function savePushSubscription(
  deps: { db: Database; channels: Pick<PushChannels, 'webPush'> },
  userId: UserId,
  { endpoint, keys }: PushSubscriptionBody,
): Promise<void> {
  const { webPush } = deps.channels;
  if (webPush === null) throw new Problem('unavailable', 'This site sends no push alerts.');
  assertPushEndpoint(endpoint, webPush.extraHosts);
  const mine = { userId, ...keys, vapidPublicKey: webPush.publicKey, createdAt: new Date() };
  await whileReachable(() =>
    deps.db.transaction(async (tx) => {
      await tx
        .insert(pushSubscriptions)
        .values({ id: randomUUID(), endpoint, ...mine })
        .onConflictDoUpdate({ target: pushSubscriptions.endpoint, set: mine });
      const surplus = tx
        .select({ id: pushSubscriptions.id })
        .from(pushSubscriptions)
        .where(eq(pushSubscriptions.userId, userId))
        .orderBy(desc(pushSubscriptions.createdAt))
        .offset(MAX_SUBSCRIPTIONS);
      await tx.delete(pushSubscriptions).where(inArray(pushSubscriptions.id, surplus));
    }),
  );
}

/** Forgets a browser of somebody; others' browsers are not touched. */
export async function removePushSubscription(
  db: Queryable,
  userId: UserId,
  endpoint: string,
): Promise<void> {
  await whileReachable(() =>
    db
      .delete(pushSubscriptions)
      .where(and(eq(pushSubscriptions.userId, userId), eq(pushSubscriptions.endpoint, endpoint))),
  );
}

/** Forgets a subscription that its push service says is gone. */
export async function forgetSubscription(db: Queryable, id: string): Promise<void> {
  await db.delete(pushSubscriptions).where(eq(pushSubscriptions.id, id));
}

/** Somebody's browsers that the site's present key can reach. */
export async function subscriptionsOf(
  db: Queryable,
  userId: UserId,
  publicKey: string,
): Promise<PushSubscription[]> {
  return db
    .select({
      id: pushSubscriptions.id,
      endpoint: pushSubscriptions.endpoint,
      p256dh: pushSubscriptions.p256dh,
      auth: pushSubscriptions.auth,
    })
    .from(pushSubscriptions)
    .where(
      and(eq(pushSubscriptions.userId, userId), eq(pushSubscriptions.vapidPublicKey, publicKey)),
    );
}
