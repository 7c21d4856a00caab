// NOTIFY with schemas on both ends, and a LISTEN that comes back by itself.
import { Socket } from 'node:net';
import { sql } from 'drizzle-orm';
import { Client } from 'pg';
import * as v from 'valibot';
import { noticeSchemas, type NoticeName, type NoticePayload } from '#domain/protocol/notices.ts';
import type { Logger } from '../log.ts';
import type { Queryable } from './database.ts';

/** Sends a notice; inside a transaction it leaves when that commits, and not at all otherwise. */
export async function notify<N extends NoticeName>(
  db: Queryable,
  name: N,
  payload: NoticePayload<N>,
): Promise<void> {
  await db.execute(sql`select pg_notify(${name}, ${JSON.stringify(payload)})`);
}

export type NoticeHandlers = {
  readonly [N in NoticeName]?: (payload: NoticePayload<N>) => void;
};

const RECONNECT_MS = [100, 250, 500, 1_000, 2_000] as const;
/** A connection is asked this often whether it lives, and given up if it has not said so by then. */
const ASK_EVERY_MS = 10_000;

export interface ListenOptions {
  readonly log: Logger;
  /**
   * Runs after every connect, the first too: notices sent while the connection was away are lost,
   * so this is where the caller reads what it may have missed.
   */
  readonly onConnected?: () => void;
  readonly askEveryMs?: number;
}

/** A LISTEN connection of its own, which comes back by itself until it is closed. */
export class NoticeListener {
  /** Resolves once the listener has been connected for the first time. */
  readonly ready: Promise<void>;
  readonly #ready = Promise.withResolvers<void>();
  readonly #url: string;
  readonly #handlers: NoticeHandlers;
  readonly #options: ListenOptions;
  #client: Client | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(url: string, handlers: NoticeHandlers, options: ListenOptions) {
    this.#url = url;
    this.#handlers = handlers;
    this.#options = options;
    this.ready = this.#ready.promise;
    void this.#connect();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#client?.end();
  }

  async #connect(): Promise<void> {
    const line = new Socket();
    const client = new Client({
      connectionString: this.#url,
      connectionTimeoutMillis: 5_000,
      stream: () => line,
    });
    this.#client = client;
    client.on('error', (error) =>
      this.#options.log.warn({ err: error }, 'notice connection failed'),
    );
    client.on('end', () => this.#retry(client));
    client.on('notification', ({ channel, payload }) => this.#dispatch(channel, payload ?? ''));
    try {
      await client.connect();
      endWhenDead(line, client, this.#options.askEveryMs ?? ASK_EVERY_MS);
      for (const name of Object.keys(this.#handlers)) {
        await client.query(`listen ${client.escapeIdentifier(name)}`);
      }
      this.#failures = 0;
      this.#ready.resolve();
      this.#options.onConnected?.();
    } catch (error) {
      this.#options.log.warn({ err: error }, 'cannot listen for notices, trying again');
      this.#retry(client);
      await client.end().catch(() => undefined);
    }
  }

  /** A connection may end long after another has taken its place. */
  #retry(ended: Client): void {
    if (this.#closed || this.#timer !== undefined || ended !== this.#client) return;
    const waitMs = RECONNECT_MS[Math.min(this.#failures, RECONNECT_MS.length - 1)] ?? 2_000;
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#connect();
    }, waitMs);
  }

  #dispatch(channel: string, text: string): void {
    try {
      const handle = handlerFor(this.#handlers, channel);
      handle?.(JSON.parse(text));
    } catch (error) {
      this.#options.log.error({ err: error, channel }, 'notice refused');
    }
  }
}

/** Who only listens does not notice that nobody speaks any more: so it asks, again and again. */
function endWhenDead(line: Socket, client: Client, everyMs: number): void {
  let isAnswered = true;
  const timer = setInterval(() => {
    if (!isAnswered) return line.destroy(new Error('the notice connection leads nowhere'));
    isAnswered = false;
    // A query that fails is one without an answer.
    client.query('select 1').then(
      () => (isAnswered = true),
      () => undefined,
    );
    return undefined;
  }, everyMs);
  line.once('close', () => clearInterval(timer));
}

/** The handler of a channel, with the payload parsed by that channel's schema before it. */
function handlerFor(
  handlers: NoticeHandlers,
  channel: string,
): ((payload: unknown) => void) | undefined {
  const { story_event, document_update, words_forgotten, take_progress, session_revoked, inbox } =
    handlers;
  switch (channel) {
    case 'story_event':
      return (payload) => story_event?.(v.parse(noticeSchemas.story_event, payload));
    case 'document_update':
      return (payload) => document_update?.(v.parse(noticeSchemas.document_update, payload));
    case 'words_forgotten':
      return (payload) => words_forgotten?.(v.parse(noticeSchemas.words_forgotten, payload));
    case 'take_progress':
      return (payload) => take_progress?.(v.parse(noticeSchemas.take_progress, payload));
    case 'session_revoked':
      return (payload) => session_revoked?.(v.parse(noticeSchemas.session_revoked, payload));
    case 'inbox':
      return (payload) => inbox?.(v.parse(noticeSchemas.inbox, payload));
    default:
      return undefined;
  }
}
