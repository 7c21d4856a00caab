// OneSignal, where the operator has an account: push to all devices that it knows of a person.
import { Client } from 'onesignal-node';
import type { ClientResponse, CreateNotificationBody } from 'onesignal-node/lib/types.js';
import * as v from 'valibot';
import { Guard, type GuardOptions } from '../resilience/call.ts';
import { httpFailure } from '../resilience/http-failure.ts';
import { IntegrationError } from '../resilience/integration-error.ts';
import type { PushChannel, PushMessage, PushOutcome } from './push.ts';

/** People are addressed by our id alone; OneSignal is told no address of theirs. */
export interface OneSignalTarget {
  readonly userId: string;
}

export interface OneSignalOptions {
  readonly appId: string;
  readonly apiKey: string;
  readonly baseUrl: string;
  readonly guard?: Partial<Omit<GuardOptions, 'service'>>;
  readonly fetch?: typeof fetch;
}

interface AliasedNotification extends CreateNotificationBody {
  readonly include_aliases: { readonly external_id: readonly string[] };
  readonly target_channel: 'push';
  readonly idempotency_key: string;
}

const SERVICE = 'onesignal';
const TIMEOUT_MS = 10_000;
const TTL_SECONDS = 24 * 60 * 60;

/** An empty id with 200 means that nobody was reached. */
const createdSchema = v.object({ id: v.optional(v.nullable(v.string()), '') });

/**
 * The vendor's client, with the one request we make done anew: its own sends `Basic`
 * authorisation, which OneSignal has retired, and knows neither a time limit nor a signal.
 */
export class OneSignalChannel extends Client implements PushChannel<OneSignalTarget> {
  readonly name = SERVICE;
  readonly #guard: Guard;
  readonly #fetch: typeof fetch;

  constructor(options: OneSignalOptions) {
    super(options.appId, options.apiKey, { apiRoot: options.baseUrl });
    this.#guard = new Guard({ timeoutMs: TIMEOUT_MS, ...options.guard, service: SERVICE });
    this.#fetch = options.fetch ?? fetch;
  }

  send(message: PushMessage, target: OneSignalTarget, signal?: AbortSignal): Promise<PushOutcome> {
    const notification: AliasedNotification = {
      include_aliases: { external_id: [target.userId] },
      target_channel: 'push',
      idempotency_key: message.id,
      headings: { en: message.title },
      contents: { en: message.body },
      url: message.url,
      collapse_id: message.storyId,
      ttl: TTL_SECONDS,
    };
    return this.#guard.call(async (attempt) => {
      const { body } = await this.createNotification(notification, attempt);
      const created = v.safeParse(createdSchema, body);
      return created.success && created.output.id ? 'sent' : 'nobody';
    }, signal);
  }

  /** @throws {IntegrationError} for every answer but 200 */
  override async createNotification(
    body: CreateNotificationBody,
    signal?: AbortSignal,
  ): Promise<ClientResponse> {
    const response = await this.#post({ app_id: this.appId, ...body }, signal);
    const text = await response.text().catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      // Its answer broke off: it may have been sent, so no other channel is to be tried yet.
      const message = 'broke off its answer';
      throw new IntegrationError('timeout', { service: SERVICE, message, cause: error });
    });
    if (!response.ok) {
      throw httpFailure(SERVICE, {
        status: response.status,
        retryAfter: response.headers.get('retry-after'),
        detail: text.slice(0, 200),
      });
    }
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson()), text);
    if (!parsed.success) {
      throw new IntegrationError('transient', { service: SERVICE, message: 'answered no JSON' });
    }
    return {
      statusCode: response.status,
      body: parsed.output,
      headers: Object.fromEntries(response.headers),
    };
  }

  async #post(body: object, signal: AbortSignal | undefined): Promise<Response> {
    try {
      return await this.#fetch(`${this.options.apiRoot}/notifications`, {
        method: 'POST',
        redirect: 'error', // the key goes to the address that was configured, and nowhere else
        headers: {
          authorization: `Key ${this.apiKey}`,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify(body),
        ...(signal !== undefined && { signal }),
      });
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const message = 'cannot be reached';
      throw new IntegrationError('transient', { service: SERVICE, message, cause: error });
    }
  }
}
