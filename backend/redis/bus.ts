// Messages between processes over Redis: sent at best, never waited for, and back by themselves.
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../log.ts';

/** What may wait for a Redis that does not answer, bytes; more is dropped. */
const WAITING_BYTES = 8 * 1024 * 1024;
/** Redis is asked for a sign of life this often, ms, and given up when it owes so many. */
const PING_MS = 5_000;
const MOST_OWED = 3;
const CONNECT_MS = 10_000;
const RETRY_MS = { first: 50, longest: 2_000 } as const;

const options: RedisOptions = {
  // What cannot be sent now is of no use later: whoever missed it reads Postgres.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  connectTimeout: CONNECT_MS,
  disableClientInfo: true,
  retryStrategy: (times) => Math.min(RETRY_MS.first * 2 ** times, RETRY_MS.longest),
};

export interface BusListener {
  readonly onMessage: (message: string) => void;
  /** Runs whenever the channel is heard again, the first time too: what was sent before is lost. */
  readonly onSubscribed?: () => void;
}

/**
 * Channels over two connections, one that sends and one that listens. Nothing here throws or waits
 * because of Redis: while it is away, or hangs, messages are lost.
 */
export class RedisBus {
  readonly #log: Logger;
  readonly #sender: Redis;
  readonly #receiver: Redis;
  /** Signs of life that each connection owes. */
  readonly #owed = new Map<Redis, number>();
  readonly #listeners = new Map<string, BusListener>();
  readonly #pings: NodeJS.Timeout;
  #waitingBytes = 0;

  constructor(url: string, log: Logger) {
    this.#log = log;
    this.#sender = this.#connect(url, () => undefined);
    this.#receiver = this.#connect(url, () => this.#listen([...this.#listeners.keys()]));
    this.#receiver.on('message', (channel, message) =>
      this.#call(channel, (it) => it.onMessage(message)),
    );
    this.#pings = setInterval(() => this.#ping(), PING_MS).unref();
  }

  /** True while messages are sent and heard, as far as we know. */
  get isConnected(): boolean {
    return this.#sender.status === 'ready' && this.#receiver.status === 'ready';
  }

  /** Sends a message to whoever listens to the channel, this process too, or drops it. */
  publish(channel: string, message: string): void {
    const bytes = message.length;
    if (this.#sender.status !== 'ready' || this.#waitingBytes + bytes > WAITING_BYTES) return;
    this.#waitingBytes += bytes;
    this.#sender
      .publish(channel, message)
      .catch((error: unknown) => this.#log.debug({ err: error }, 'not sent over Redis'))
      .finally(() => (this.#waitingBytes -= bytes));
  }

  /** Hears a channel, with one listener, until `unsubscribe`. */
  subscribe(channel: string, listener: BusListener): void {
    this.#listeners.set(channel, listener);
    this.#listen([channel]);
  }

  unsubscribe(channel: string): void {
    this.#listeners.delete(channel);
    if (this.#receiver.status === 'ready') this.#ignore(this.#receiver.unsubscribe(channel));
  }

  /** Hangs up at once, whatever waits. */
  close(): void {
    clearInterval(this.#pings);
    this.#listeners.clear();
    this.#sender.disconnect();
    this.#receiver.disconnect();
  }

  #connect(url: string, onReady: () => void): Redis {
    const log = this.#log;
    const redis = new Redis(url, options);
    let isLost = false;
    redis.on('ready', () => {
      isLost = false;
      this.#owed.set(redis, 0);
      log.debug('Redis connected');
      onReady();
    });
    redis.on('error', (error) => {
      log[isLost ? 'debug' : 'warn']({ err: error }, 'Redis cannot be reached, trying on');
      isLost = true;
    });
    return redis;
  }

  /** Subscriptions that fail are made again with the next connection. */
  #listen(channels: readonly string[]): void {
    if (channels.length === 0 || this.#receiver.status !== 'ready') return;
    this.#ignore(this.#subscribe(channels));
  }

  async #subscribe(channels: readonly string[]): Promise<void> {
    await this.#receiver.subscribe(...channels);
    for (const channel of channels) this.#call(channel, (it) => it.onSubscribed?.());
  }

  /** ioredis 5.11's own `socketTimeout` outlives its connection, and then ends the next one. */
  #ping(): void {
    for (const redis of [this.#sender, this.#receiver]) {
      const owed = this.#owed.get(redis) ?? 0;
      if (owed >= MOST_OWED) {
        this.#owed.set(redis, 0);
        redis.disconnect(true);
      } else if (redis.status === 'ready' || redis.status === 'connect') {
        this.#owed.set(redis, owed + 1);
        if (redis.status === 'ready') {
          this.#ignore(redis.ping().then(() => this.#owed.set(redis, 0)));
        }
      }
    }
  }

  #ignore(answer: Promise<unknown>): void {
    answer.catch((error: unknown) => this.#log.debug({ err: error }, 'Redis gave no answer'));
  }

  #call(channel: string, call: (listener: BusListener) => void): void {
    const listener = this.#listeners.get(channel);
    if (listener === undefined) return;
    try {
      call(listener);
    } catch (error) {
      this.#log.error({ err: error, channel }, 'a listener of Redis failed');
    }
  }
}
