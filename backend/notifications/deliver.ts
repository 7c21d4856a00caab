// Bringing one notification to the devices of the person it is for.
import { and, eq } from 'drizzle-orm';
import { takePath } from '#domain/protocol/alert.ts';
import { formatClock } from '#domain/timeline/samples.ts';
import type { UserId } from '#domain/story/ids.ts';
import { deliveries } from '#drizzle/schema.ts';
import type { PushChannel, PushMessage, PushOutcome } from '../integrations/push.ts';
import type { WebPushTarget } from '../integrations/web-push.ts';
import type { Logger } from '../log.ts';
import type { Database } from '../postgres/database.ts';
import { IntegrationError } from '../resilience/integration-error.ts';
import type { PushChannels } from './channels.ts';
import { readLine, type InboxLine } from './inbox.ts';
import {
  forgetSubscription,
  subscriptionsOf,
  type PushSubscription,
} from './push-subscriptions.ts';

export interface DeliverDeps {
  readonly db: Database;
  readonly channels: PushChannels;
  readonly log: Logger;
}

interface Errand extends DeliverDeps {
  readonly notificationId: string;
  readonly message: PushMessage;
  readonly signal: AbortSignal | undefined;
}

/**
 * Sends a notification through OneSignal, or, where that knows nobody, fails or is not configured,
 * to each browser of the person. What was sent is not sent again, however often and in however
 * many places this runs.
 * @throws {AggregateError} of what may work later: run it again
 */
export async function deliverAlert(
  deps: DeliverDeps,
  notificationId: string,
  signal?: AbortSignal,
): Promise<void> {
  const line = await readLine(deps.db, notificationId);
  if (line === null) return; // its story, take or person was erased in the meantime
  const message = messageOf(line, deps.channels.origin);
  const errand = { ...deps, notificationId, message, signal };
  const vendor = await viaOneSignal(errand, line.userId);
  if (vendor.reached) return;
  const browsers = await viaWebPush(errand, line.userId);
  // Nobody was reached because the vendor is down: then it is worth waiting for.
  const failures = browsers.reached
    ? browsers.failures
    : [...vendor.failures, ...browsers.failures];
  if (failures.length > 0) throw new AggregateError(failures, 'an alert is not delivered yet');
}

/** Whether somebody was reached, and the failures that may pass. */
interface Reach {
  readonly reached: boolean;
  readonly failures: readonly unknown[];
}

/** What a lock screen shows: `The lighthouse` / `Jo answered Mira (0:26)`. */
function messageOf(line: InboxLine, origin: string): PushMessage {
  const { author, answered, durationSamples } = line;
  const whom = answered?.id === author.id ? 'their own take' : (answered?.name ?? 'the story');
  const length = durationSamples === null ? '' : ` (${formatClock(durationSamples)})`;
  return {
    id: line.id,
    title: line.story.title,
    body: `${author.name} answered ${whom}${length}`,
    url: new URL(takePath(line.story.slug, line.takeId), origin).href,
    storyId: line.story.id,
  };
}

async function viaOneSignal(errand: Errand, userId: UserId): Promise<Reach> {
  const { oneSignal } = errand.channels;
  if (oneSignal === null) return { reached: false, failures: [] };
  const send = () => oneSignal.send(errand.message, { userId }, errand.signal);
  try {
    const outcome = await once(errand, oneSignal.name, send);
    return { reached: outcome === 'sent', failures: [] };
  } catch (error) {
    errand.log.warn({ err: error, notification: errand.notificationId }, 'OneSignal failed');
    // It may have been sent all the same: asking again with the same id finds out.
    if (error instanceof IntegrationError && error.kind === 'timeout') throw error;
    return { reached: false, failures: isFinal(error) ? [] : [error] };
  }
}

/** One browser after the other: each holds a database connection while its service answers. */
async function viaWebPush(errand: Errand, userId: UserId): Promise<Reach> {
  const { webPush } = errand.channels;
  if (webPush === null) return { reached: false, failures: [] };
  const failures: unknown[] = [];
  let reached = false;
  for (const subscription of await subscriptionsOf(errand.db, userId, webPush.publicKey)) {
    try {
      const outcome = await toBrowser(errand, webPush.channel, subscription);
      reached ||= outcome === 'sent';
    } catch (error) {
      errand.log.warn({ err: error, subscription: subscription.id }, 'a browser was not reached');
      if (!isFinal(error)) failures.push(error);
    }
  }
  return { reached, failures };
}

async function toBrowser(
  errand: Errand,
  channel: PushChannel<WebPushTarget>,
  subscription: PushSubscription,
): Promise<PushOutcome> {
  const outcome = await once(errand, `${channel.name}:${subscription.id}`, () =>
    channel.send(errand.message, subscription, errand.signal),
  );
  if (outcome === 'gone') await forgetSubscription(errand.db, subscription.id);
  return outcome;
}

/**
 * Sends unless it was sent before. The row that says so is written first and commits only if the
 * service took the message: another attempt waits for it meanwhile, and finds it there or sends
 * itself. Only a crash between the service's answer and the commit can repeat a message, which
 * its id and topic then collapse.
 */
async function once(
  { db, notificationId }: Errand,
  channel: string,
  send: () => Promise<PushOutcome>,
): Promise<PushOutcome> {
  return db.transaction(async (tx) => {
    const added = await tx
      .insert(deliveries)
      .values({ notificationId, channel })
      .onConflictDoNothing()
      .returning({ channel: deliveries.channel });
    if (added.length === 0) return 'sent';
    const outcome = await send();
    if (outcome !== 'sent') await tx.delete(deliveries).where(isDelivery(notificationId, channel));
    return outcome;
  });
}

function isDelivery(notificationId: string, channel: string) {
  return and(eq(deliveries.notificationId, notificationId), eq(deliveries.channel, channel));
}

function isFinal(error: unknown): boolean {
  return error instanceof IntegrationError && !error.mayPass;
}
