// The takes that wait on this device, spoken and written, as one: each is read, sent and let go of by
// what it is.
import type { Published } from '#domain/protocol/commands.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import { within } from '../recorder/within.ts';
import { Unreachable } from './api.ts';
import type { OutboxSettings } from './outbox-settings.ts';
import { queuedVoice, queuedWords, type QueuedTake } from './queued-take.ts';
import type { Step } from './sending-step.ts';

/** How long a device may take to let go of a take that is in the story, ms: some hang for good. */
const LET_GO_MS = 3_000;

export interface QueueContent {
  /** What waits to be sent. */
  readonly queue: readonly QueuedTake[];
  /** Every spoken take. */
  readonly voices: readonly KeptTake[];
  /** Whatever is not in the story: what waits, and spoken takes that nobody sent off. */
  readonly unpublished: ReadonlySet<TakeId>;
}

export class DeviceQueue {
  readonly #settings: Pick<OutboxSettings, 'written' | 'voices' | 'sendWords'>;

  constructor(settings: Pick<OutboxSettings, 'written' | 'voices' | 'sendWords'>) {
    this.#settings = settings;
  }

  /** All that the device keeps, in no order. */
  async read(): Promise<QueueContent> {
    const [written, voices] = await Promise.all([
      this.#settings.written().then((store) => store?.waiting() ?? []),
      this.#settings.voices().then((store) => store?.all() ?? []),
    ]);
    const spoken = voices.flatMap((take) => queuedVoice(take) ?? []);
    const queue = [...written.map(queuedWords), ...spoken];
    const kept = voices.filter(({ state }) => state !== 'live').map(({ origin }) => origin);
    return { queue, voices, unpublished: new Set([...queue, ...kept].map(({ takeId }) => takeId)) };
  }

  /** A take is this person's from now on. */
  async sign({ takeId, of }: QueuedTake, userId: UserId): Promise<void> {
    if (of.kind === 'voice') await (await this.#settings.voices())?.signed(takeId, userId);
    // The name was for a guest to be: it renames nobody.
    else await (await this.#settings.written())?.queue({ ...of.take, userId, renames: false });
  }

  /** Sends a take; safe to repeat. @throws {Refused} @throws {Unreachable} */
  async send(
    { of }: QueuedTake,
    onstep: (step: Step) => void,
    signal: AbortSignal,
  ): Promise<Published> {
    if (of.kind === 'voice') {
      const voices = await this.#settings.voices();
      if (voices === null) throw new Unreachable('the device keeps nothing any more');
      return voices.send(of.take, onstep, signal);
    }
    onstep({ at: 'publishing' });
    return this.#settings.sendWords(of.take);
  }

  /** A take is in the story, whatever this device says: it is let go of here, or left. Never throws. */
  async published(take: QueuedTake, published: Published): Promise<void> {
    try {
      await within(this.#letGo(take, published), LET_GO_MS, undefined);
    } catch (error) {
      // Sent again, the answer would be the same.
      console.warn(error);
    }
  }

  async #letGo({ takeId, of }: QueuedTake, published: Published): Promise<void> {
    if (of.kind === 'text') await (await this.#settings.written())?.dequeue(takeId);
    else await (await this.#settings.voices())?.published(takeId, published);
  }

  /** Notes why the story did not take a spoken take; null forgets it. */
  async refused(id: TakeId, problem: KeptTake['problem']): Promise<void> {
    await (await this.#settings.voices())?.refused(id, problem);
  }

  /** A spoken take is not sent, for now. */
  async withdrawn(id: TakeId): Promise<void> {
    await (await this.#settings.voices())?.withdrawn(id);
  }
}
