// Web Push (RFC 8030) with our own VAPID keys: alerts without any vendor's account.
import { createHash } from 'node:crypto';
import webPush from 'web-push';
import type { Alert } from '#domain/protocol/alert.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { Guard, type GuardOptions } from '../resilience/call.ts';
import { httpFailure } from '../resilience/http-failure.ts';
import { IntegrationError } from '../resilience/integration-error.ts';
import { guardedPost, type Resolve } from './guarded-post.ts';
import type { PushChannel, PushMessage, PushOutcome } from './push.ts';
import { assertPushEndpoint, type PushEndpoint } from './push-endpoint.ts';

/** A browser's subscription, as stored. */
export interface WebPushTarget {
  readonly endpoint: string;
  readonly p256dh: string;
  readonly auth: string;
}

export interface WebPushOptions {
  readonly vapid: {
    readonly publicKey: string;
    readonly privateKey: string;
    readonly subject: string;
  };
  /** Hosts (with port) beside the browsers' own; see `readExtraHosts`. */
  readonly extraHosts?: readonly string[];
  readonly guard?: Partial<Omit<GuardOptions, 'service'>>;
  readonly resolve?: Resolve;
}

/** How long a push service keeps an alert for a device that is off, seconds. */
const TTL_SECONDS = 24 * 60 * 60;
const TIMEOUT_MS = 10_000;
const MOST_TITLE = 120;
const MOST_BODY = 240;

export class WebPushChannel implements PushChannel<WebPushTarget> {
  readonly name = 'webpush';
  readonly #options: WebPushOptions;
  /** One for each line of the allow-list, so that one service's outage stops no other. */
  readonly #guards = new Map<string, Guard>();

  /** @throws {IntegrationError} `misconfigured`: the VAPID keys or subject cannot be used */
  constructor(options: WebPushOptions) {
    this.#options = options;
    const { subject, publicKey, privateKey } = options.vapid;
    try {
      webPush.getVapidHeaders('https://push.invalid', subject, publicKey, privateKey, 'aes128gcm');
    } catch (error) {
      const message = 'the VAPID keys cannot be used';
      throw new IntegrationError('misconfigured', { service: this.name, message, cause: error });
    }
  }

  async send(
    message: PushMessage,
    target: WebPushTarget,
    signal?: AbortSignal,
  ): Promise<PushOutcome> {
    const endpoint = this.#endpoint(target);
    const details = endpoint === null ? null : this.#encrypt(message, target);
    if (endpoint === null || details === null) return 'gone';
    const service = `${this.name} ${endpoint.service}`;
    return this.#guard(endpoint).call(async (attempt) => {
      const answer = await guardedPost(
        endpoint,
        { ...details, signal: attempt },
        this.#options.resolve,
      );
      if (answer.status === 404 || answer.status === 410) return 'gone';
      if (answer.status >= 200 && answer.status < 300) return 'sent';
      throw httpFailure(service, { ...answer, detail: answer.text.slice(0, 200) });
    }, signal);
  }

  #endpoint(target: WebPushTarget): PushEndpoint | null {
    try {
      return assertPushEndpoint(target.endpoint, this.#options.extraHosts);
    } catch (error) {
      // Stored before the list changed: it will not be posted to again.
      if (error instanceof Problem) return null;
      throw error;
    }
  }

  /** The encrypted request, or null if the subscription's own keys cannot be used. */
  #encrypt(
    message: PushMessage,
    { endpoint, p256dh, auth }: WebPushTarget,
  ): { headers: Record<string, string>; body: Uint8Array } | null {
    try {
      const subscription = { endpoint, keys: { p256dh, auth } };
      const { headers, body } = webPush.generateRequestDetails(subscription, payloadOf(message), {
        vapidDetails: this.#options.vapid,
        TTL: TTL_SECONDS,
        topic: topicOf(message.storyId),
        urgency: 'normal',
        contentEncoding: 'aes128gcm',
      });
      return { headers, body };
    } catch {
      // Our own keys were tried in the constructor, so it is the browser's that are no keys.
      return null;
    }
  }

  #guard({ service }: PushEndpoint): Guard {
    const known = this.#guards.get(service);
    if (known !== undefined) return known;
    const guard = new Guard({
      timeoutMs: TIMEOUT_MS,
      ...this.#options.guard,
      service: `${this.name} ${service}`,
    });
    this.#guards.set(service, guard);
    return guard;
  }
}

/** What the device receives. Cut, so that it fits the 4096 bytes that every service takes. */
function payloadOf({ title, body, url, storyId, id }: PushMessage): string {
  const alert: Alert = {
    web_push: 8030,
    notification: {
      title: cut(title, MOST_TITLE),
      body: cut(body, MOST_BODY),
      navigate: url,
      tag: storyId,
      data: { notificationId: id },
    },
  };
  return JSON.stringify(alert);
}

/** At most 32 characters of base64url (RFC 8030, 5.4), and no story's id in a vendor's logs. */
function topicOf(storyId: string): string {
  return createHash('sha256').update(storyId).digest('base64url').slice(0, 32);
}

function cut(text: string, most: number): string {
  const letters = Array.from(text.toWellFormed());
  return letters.length <= most ? text.toWellFormed() : `${letters.slice(0, most - 1).join('')}…`;
}
