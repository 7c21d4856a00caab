// Live inboxes: one LISTEN of the process, fanned out to the pages that a person has open.
import type { UserId } from '#domain/story/ids.ts';
import { Problem } from '#domain/protocol/problem.ts';

/** Most streams of one person, and of one process. */
const MAX_PER_PERSON = 8;
const MAX_STREAMS = 5_000;
/** A comment this often keeps proxies from closing a quiet stream, milliseconds. */
const HEARTBEAT_MS = 20_000;

const encoder = new TextEncoder();
const CHANGED = encoder.encode('event: inbox\ndata: {}\n\n');
const HEARTBEAT = encoder.encode(': still here\n\n');

interface Listener {
  send(bytes: Uint8Array): void;
  end(): void;
}

/** Streams of server-sent events that say "your inbox changed", and nothing else. */
export class InboxFeed {
  readonly #people = new Map<UserId, Set<Listener>>();
  readonly #maxPerPerson: number;
  #streams = 0;

  constructor({ maxPerPerson = MAX_PER_PERSON }: { maxPerPerson?: number } = {}) {
    this.#maxPerPerson = maxPerPerson;
  }

  /** Tells every open page of somebody. */
  changed(userId: UserId): void {
    for (const listener of this.#people.get(userId) ?? []) listener.send(CHANGED);
  }

  /** Tells everybody: notices may have been missed. */
  changedForAll(): void {
    for (const userId of this.#people.keys()) this.changed(userId);
  }

  /**
   * A stream for one page; it ends when the page goes away. A person's ninth stream ends the first.
   * @throws {Problem} `unavailable` when the process has as many streams as it can hold
   */
  open(userId: UserId): ReadableStream<Uint8Array> {
    if (this.#streams >= MAX_STREAMS) {
      throw new Problem('unavailable', 'Live alerts are full right now. Reload to see news.');
    }
    let leave: (() => void) | undefined;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        leave = this.#join(userId, controller);
        controller.enqueue(encoder.encode('retry: 3000\n\n'));
        controller.enqueue(CHANGED);
      },
      cancel: () => leave?.(),
    });
  }

  /** Ends all streams. */
  close(): void {
    for (const listeners of this.#people.values()) {
      for (const listener of listeners) listener.end();
    }
  }

  #join(userId: UserId, controller: ReadableStreamDefaultController<Uint8Array>): () => void {
    const listeners = this.#people.get(userId) ?? new Set<Listener>();
    this.#people.set(userId, listeners);
    const listener: Listener = {
      send: (bytes) => {
        // A page that does not read (asleep, or gone without a word) is let go.
        if ((controller.desiredSize ?? 0) < -16) listener.end();
        else controller.enqueue(bytes);
      },
      end: () => {
        if (leave()) controller.close();
      },
    };
    const heartbeat = setInterval(() => listener.send(HEARTBEAT), HEARTBEAT_MS);
    const leave = (): boolean => {
      clearInterval(heartbeat);
      if (!listeners.delete(listener)) return false;
      this.#streams -= 1;
      if (listeners.size === 0) this.#people.delete(userId);
      return true;
    };
    for (const oldest of [...listeners].slice(
      0,
      Math.max(0, listeners.size + 1 - this.#maxPerPerson),
    )) {
      oldest.end();
    }
    this.#people.set(userId, listeners);
    listeners.add(listener);
    this.#streams += 1;
    return leave;
  }
}
