// The takes on this device that wait to be published, written and spoken, oldest first: one queue,
// sent by one tab at a time, from whatever page of the site is open.
import type { Published } from '#domain/protocol/commands.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import { ShelfNews, type ShelfMessage } from '../kept-takes/shelf-news.ts';
import { Refused, Unreachable } from './api.ts';
import { DeviceQueue } from './device-queue.ts';
import { asError, stepAfter } from './failed-step.ts';
import type { OutboxSettings } from './outbox-settings.ts';
import {
  behind,
  inOrder,
  isPutOff,
  isToBeSent,
  refusedBefore,
  signedAs,
  type OutboxItem,
  type QueuedTake,
} from './queued-take.ts';
import { SendingPause } from './sending-pause.ts';
import type { Step } from './sending-step.ts';

/** What became of a take within one call of `deliver`. */
type Outcome = Published | Error | 'withdrawn';

export class Outbox {
  /** What waits of whoever is here, or of nobody, oldest first. */
  items = $state.raw<readonly OutboxItem[]>([]);
  readonly #settings: OutboxSettings;
  readonly #queue: DeviceQueue;
  readonly #pause: SendingPause;
  readonly #steps = new Map<TakeId, Step>();
  readonly #outcomes = new Map<TakeId, Outcome>();
  readonly #listeners = new Set<(published: Published, take: QueuedTake) => void>();
  /** Takes that were sent off by whoever is at this page, whatever it knows of them. */
  readonly #vouched = new Set<TakeId>();
  /** Takes of this device, whoever's they are, that are not in the story. */
  #unpublished: ReadonlySet<TakeId | null> = new Set();
  readonly #watchers = new Map<TakeId, (step: Step) => void>();
  #news: ShelfNews | null = null;
  #sending: Promise<void> | null = null;
  #again = false;
  /** Number of the latest reading of what the device keeps. */
  #round = 0;
  #current: { readonly takeId: TakeId; readonly abort: AbortController } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #end = new AbortController();
  /** Why the last round ended early: the device's store did not answer. */
  #fault: Error | null = null;

  constructor(settings: OutboxSettings) {
    this.#settings = settings;
    this.#queue = new DeviceQueue(settings);
    this.#pause = new SendingPause(settings.pauseMs);
  }

  /** Sends what waits, now and whenever there may be a line, until it is stopped. */
  start(): void {
    this.#news = new ShelfNews((message) => this.#hear(message));
    globalThis.addEventListener?.('online', () => void this.send(), { signal: this.#end.signal });
    void this.send();
  }

  /** Begins to send nothing more, for good; what is on its way goes on. */
  stop(): void {
    this.#end.abort();
    clearTimeout(this.#timer);
    this.#news?.close();
    this.#news = null;
  }

  /** What waits to go into a story, oldest first; null for those that begin one. */
  of(storyId: StoryId | null): readonly OutboxItem[] {
    return this.items.filter((item) => item.storyId === storyId);
  }

  has(id: TakeId): boolean {
    return this.items.some(({ takeId }) => takeId === id);
  }

  /** Told each take that is published from here; returns what ends that. */
  onPublished(listener: (published: Published, take: QueuedTake) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads again what the device keeps. */
  async refresh(): Promise<void> {
    const round = ++this.#round;
    const { queue, voices, unpublished } = await this.#queue.read();
    for (const { origin, published } of voices)
      if (published !== null) this.#outcomes.set(origin.takeId, published);
    if (round === this.#round) this.#giveWay(voices);
    this.#unpublished = unpublished;
    const shown = queue.filter(
      ({ takeId, userId }) =>
        [null, this.#settings.person()].includes(userId) || this.#vouched.has(takeId),
    );
    this.items = inOrder(shown).map((take) => ({ ...take, step: this.#stepOf(take) }));
  }

  /** Publishes what waits, oldest first; called again whenever there may be a line. */
  send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#again = true;
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
    return this.#sending;
  }

  /**
   * Sends what waits, with this take among it.
   * @returns its answer; null if it waits on
   * @throws {Refused} the story does not take it
   * @throws {Error} what this device keeps could not be read
   * @throws {DOMException} AbortError: it was withdrawn
   */
  async deliver(id: TakeId, onstep: (step: Step) => void = () => {}): Promise<Published | null> {
    this.#outcomes.delete(id);
    this.#steps.delete(id);
    this.#vouched.add(id);
    this.#watchers.set(id, onstep);
    try {
      await this.send();
    } finally {
      this.#watchers.delete(id);
    }
    const outcome = this.#outcomes.get(id);
    if (outcome instanceof Error) throw outcome;
    if (outcome === 'withdrawn') throw new DOMException('withdrawn', 'AbortError');
    if (outcome === undefined && this.#fault !== null) throw this.#fault;
    return outcome ?? null;
  }

  /** Sends a take again that the story did not take. */
  async retry(id: TakeId): Promise<void> {
    this.#steps.delete(id);
    await this.#queue.refused(id, null);
    await this.send();
  }

  /** Publishes what nobody sent off as whoever is here. */
  async claim(id: TakeId): Promise<void> {
    const item = this.items.find(({ takeId }) => takeId === id);
    const person = this.#settings.person();
    if (item === undefined || person === null) return;
    await this.#queue.sign(item, person);
    this.#steps.delete(id);
    await this.send();
  }

  /** Stops sending a spoken take, unless it is in the story; what has arrived of it stays there. */
  async withdraw(id: TakeId): Promise<void> {
    if (this.#steps.get(id)?.at === 'live') return;
    this.#outcomes.set(id, 'withdrawn');
    if (this.#current?.takeId === id) this.#current.abort.abort();
    await this.#queue.withdrawn(id);
    await this.#changed();
  }

  async #sendAll(): Promise<void> {
    this.#fault = null;
    try {
      await this.#sendRounds();
    } catch (error) {
      // A store that cannot be read now may be read later: the queue goes on.
      console.warn(error);
      this.#fault = asError(error);
    }
    if (this.#end.signal.aborted || (this.#fault === null && !this.items.some(isToBeSent))) return;
    const pauseMs = this.#pause.next(this.items.filter(isToBeSent).every(isPutOff));
    this.#timer = setTimeout(() => void this.send(), pauseMs);
  }

  async #sendRounds(): Promise<void> {
    while (this.#again && !this.#end.signal.aborted) {
      this.#again = false;
      await this.refresh();
      this.#tellBehind();
      const isWaiting = this.items.some(isToBeSent);
      if (isWaiting && this.#settings.isOnline()) await this.#settings.alone(() => this.#pass());
    }
  }

  /** Another tab may have sent some of it while this one waited for its turn. */
  async #pass(): Promise<void> {
    await this.refresh();
    for (const { takeId } of this.items) {
      const item = this.items.find((one) => one.takeId === takeId);
      if (item === undefined || !isToBeSent(item) || this.#asks(item)) continue;
      if (this.#end.signal.aborted) return;
      if (behind(item, this.items) !== null) this.#tellBehind();
      else if (!(await this.#sendOne(item))) return;
    }
  }

  /** A take over one that waits here waits for that, whether there is a line or not. */
  #tellBehind(): void {
    for (const item of this.items.filter(isToBeSent)) {
      const step = behind(item, this.items);
      if (step !== null) this.#step(item.takeId, step);
    }
  }

  /** @returns false if there is no line */
  async #sendOne(item: OutboxItem): Promise<boolean> {
    const abort = new AbortController();
    this.#current = { takeId: item.takeId, abort };
    try {
      const signed = await this.#signed(item);
      // It may be another's than whoever came: they are asked.
      if (signed === null) return true;
      const onstep = (step: Step): void => this.#step(item.takeId, step);
      await this.#published(signed, await this.#queue.send(signed, onstep, abort.signal));
      return true;
    } catch (error) {
      if (abort.signal.aborted) return true;
      return this.#failed(item, error);
    } finally {
      this.#current = null;
    }
  }

  /**
   * The take with its author: the guest who is made of nobody now gets all that nobody sent off
   * here. Null if somebody signed in elsewhere before that, so that nobody knows whose it is.
   */
  async #signed(item: OutboxItem): Promise<OutboxItem | null> {
    if (item.userId !== null) return item;
    const { enter, onEntered } = this.#settings;
    const { user, isNew } = await enter(item.of.take.name);
    const nobodys = isNew ? this.items.filter(({ userId }) => userId === null) : [];
    for (const one of nobodys) await this.#queue.sign(one, user.id);
    await onEntered();
    await this.refresh();
    return isNew ? { ...item, ...signedAs(item, user.id) } : null;
  }

  async #published(take: OutboxItem, published: Published): Promise<void> {
    this.#outcomes.set(take.takeId, published);
    this.#pause.taken();
    // Listeners first: what they show must not be gone before the take is.
    for (const listener of this.#listeners) listener(published, take);
    this.#step(take.takeId, { at: 'live', published });
    await this.#queue.published(take, published);
    await this.#changed();
  }

  /** @returns false if there is no line */
  async #failed({ takeId, parentId }: QueuedTake, error: unknown): Promise<boolean> {
    const step = stepAfter(error, this.#steps.get(takeId), this.#unpublished.has(parentId));
    if (step.at === 'refused') this.#outcomes.set(takeId, asError(error));
    if (!(error instanceof Refused || error instanceof Unreachable)) console.warn(error);
    this.#step(takeId, step);
    if (step.at === 'refused')
      await this.#queue.refused(takeId, { message: step.why, isPlaceGone: step.isPlaceGone });
    return step.at !== 'waiting';
  }

  /** Stops sending a take that was opened again, here or in another tab. */
  #giveWay(voices: readonly KeptTake[]): void {
    const current = this.#current;
    const take = voices.find(({ origin }) => origin.takeId === current?.takeId);
    if (current === null || take?.state !== 'kept') return;
    this.#outcomes.set(current.takeId, 'withdrawn');
    current.abort.abort();
  }

  #step(takeId: TakeId, step: Step): void {
    this.#show(takeId, step);
    this.#news?.tell({ type: 'step', takeId, step });
  }

  #show(takeId: TakeId, step: Step): void {
    this.#steps.set(takeId, step);
    if (step.at === 'live') this.#outcomes.set(takeId, step.published);
    this.items = this.items.map((item) => (item.takeId === takeId ? { ...item, step } : item));
    this.#watchers.get(takeId)?.(step);
  }

  #hear(message: ShelfMessage): void {
    if (message.type === 'step') this.#show(message.takeId, message.step);
    if (message.type === 'changed') void this.refresh();
  }

  async #changed(): Promise<void> {
    this.#news?.tell({ type: 'changed' });
    await this.refresh();
  }

  #stepOf(take: QueuedTake): Step {
    if (this.#asks(take)) return { at: 'asks' };
    return refusedBefore(take) ?? this.#steps.get(take.takeId) ?? { at: 'waiting', share: 0 };
  }

  /** True for a take that nobody sent off while somebody is here, who is asked about it. */
  #asks({ userId }: QueuedTake): boolean {
    return userId === null && this.#settings.person() !== null;
  }
}
