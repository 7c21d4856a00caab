// The takes of a story that were written on this device and are not in it yet.
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { Published } from '#domain/protocol/commands.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import type { WrittenTake, WrittenTakes } from '../upload/written-takes.ts';

/** A take that waits for the line, or that the story did not take. */
export interface WaitingTake {
  readonly take: WrittenTake;
  /** Why the story did not take it, for its author; null while it waits. */
  readonly problem: string | null;
}

export interface WrittenHereSettings {
  readonly storyId: StoryId;
  /** Who is at this page: nobody's takes are published under another person's name. */
  readonly person: () => UserId | null;
  readonly open: () => Promise<WrittenTakes | null>;
  /** Sends a take; safe to repeat. */
  readonly publish: (take: WrittenTake) => Promise<Published>;
  readonly onPublished: (published: Published) => void;
  /** How long to wait after the line failed, ms. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 5_000;

export class WrittenHere {
  drafts = $state.raw<readonly WrittenTake[]>([]);
  waiting = $state.raw<readonly WaitingTake[]>([]);
  readonly #settings: WrittenHereSettings;
  #sending: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  constructor(settings: WrittenHereSettings) {
    this.#settings = settings;
  }

  /** Reads what the device keeps, and sends what waits. */
  async start(): Promise<void> {
    await this.refresh();
    await this.send();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Reads again what the device keeps. */
  async refresh(): Promise<void> {
    const store = await this.#settings.open();
    if (store === null) return;
    const [drafts, waiting] = await Promise.all([store.drafts(), store.waiting()]);
    this.drafts = drafts.filter((take) => this.#isOurs(take));
    this.waiting = waiting
      .filter((take) => this.#isOurs(take))
      .map((take) => ({ take, problem: this.#problemOf(take.takeId) }));
  }

  /** Publishes what waits, oldest first; called again whenever there may be a line. */
  send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
    return this.#sending;
  }

  /** Gives a take up for good. */
  async discard(takeId: TakeId): Promise<void> {
    const store = await this.#settings.open();
    await store?.dequeue(takeId);
    await this.refresh();
  }

  async discardDraft(take: WrittenTake): Promise<void> {
    const store = await this.#settings.open();
    await store?.dropDraft(take);
    await this.refresh();
  }

  async #sendAll(): Promise<void> {
    for (const { take, problem } of this.waiting) {
      if (problem !== null) continue;
      if (this.#stopped || !(await this.#sendOne(take))) break;
    }
    const isWaiting = this.waiting.some(({ problem }) => problem === null);
    if (!isWaiting || this.#stopped) return;
    this.#timer = setTimeout(() => void this.send(), this.#settings.pauseMs ?? PAUSE_MS);
  }

  /** @returns false if there is no line */
  async #sendOne(take: WrittenTake): Promise<boolean> {
    const { publish, onPublished } = this.#settings;
    try {
      const published = await publish(take);
      await this.discard(take.takeId);
      onPublished(published);
      return true;
    } catch (error) {
      if (error instanceof Unreachable) return false;
      if (!(error instanceof Refused)) throw error;
      if (!isPassing(error)) this.#note(take.takeId, error.message);
      return true;
    }
  }

  #note(takeId: TakeId, problem: string): void {
    this.waiting = this.waiting.map((one) =>
      one.take.takeId === takeId ? { take: one.take, problem } : one,
    );
  }

  #problemOf(takeId: TakeId): string | null {
    return this.waiting.find(({ take }) => take.takeId === takeId)?.problem ?? null;
  }

  #isOurs({ storyId, userId }: WrittenTake): boolean {
    const { storyId: here, person } = this.#settings;
    return storyId === here && (userId === null || userId === person());
  }
}

/** True if the same take may be accepted later as it is. */
function isPassing({ problem: { code } }: Refused): boolean {
  return code === 'parent_not_ready' || code === 'too_many_requests';
}
