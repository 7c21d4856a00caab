// The takes of earlier visits that this device kept: to be used, or deleted and taken back.
import type { TakeId, UserId } from '#domain/story/ids.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { UndoTimers } from '../recorder/undo-timers.ts';
import { meaningOf, type KeptTake } from './kept-take.ts';
import { ShelfNews } from './shelf-news.ts';
import { heldTakes, holdTake, TakeOpen } from './take-locks.ts';
import { framesOf, type TakeShelf } from './take-shelf.ts';

export interface OfferedTake {
  readonly take: KeptTake;
  /** Samples at 48 kHz; null for a chosen file, whose length nobody knows yet. */
  readonly durationSamples: number | null;
}

export interface OfferedSettings {
  readonly shelf: () => Promise<TakeShelf | null>;
  /** Who is at this page now. */
  readonly person: UserId | null;
  /** Which of them belong on this page. */
  readonly isHere: (take: KeptTake) => boolean;
}

/** What a page offers. `start` it in the browser. */
export class OfferedTakes {
  /** Oldest first. */
  takes = $state.raw<readonly OfferedTake[]>([]);
  /** How many are somebody else's, who alone may have them. */
  others = $state(0);
  /** How many things there are that cannot be read. */
  unreadable = $state(0);
  /** The takes that were deleted and can be taken back, each for its own ten seconds. */
  deleted = $state.raw<readonly OfferedTake[]>([]);
  /** Who is at this page now. */
  person: UserId | null;
  readonly #settings: Omit<OfferedSettings, 'person'>;
  readonly #removing = new Map<TakeId, { drop: () => Promise<void>; letGo: () => void }>();
  readonly #undo = new UndoTimers((id) => void this.#expire(id));

  constructor({ person, ...settings }: OfferedSettings) {
    this.person = person;
    this.#settings = settings;
  }

  /** Looks now, and whenever something changes; returns what ends that. */
  start(): () => void {
    const news = new ShelfNews(() => void this.refresh());
    void this.refresh();
    return () => {
      news.close();
      this.#undo.end();
      // Whoever leaves before the time is up may still want it: it is offered again.
      for (const { letGo } of this.#removing.values()) letGo();
      this.#removing.clear();
    };
  }

  async refresh(): Promise<void> {
    const shelf = await this.#settings.shelf();
    if (shelf === null) return;
    const { takes, unreadable } = await shelf.content();
    const held = await heldTakes();
    const { person } = this;
    const here = takes.filter((take) => this.#settings.isHere(take));
    const of = (what: 'offered' | 'others') =>
      here.filter((take) => meaningOf(take, person, held.has(take.origin.takeId)) === what);
    const offered = await Promise.all(of('offered').map((take) => withLength(shelf, take)));
    this.takes = offered.filter(({ durationSamples }) => durationSamples !== 0);
    this.others = of('others').length;
    this.unreadable = unreadable;
  }

  /** Takes a take away; for ten seconds `undo` brings it back. */
  async remove(offered: OfferedTake): Promise<void> {
    const { takeId } = offered.take.origin;
    const shelf = await this.#settings.shelf();
    if (shelf === null) return;
    try {
      const letGo = await holdTake(takeId);
      this.#removing.set(takeId, { drop: () => shelf.drop(takeId), letGo });
      this.#showDeleted([...this.deleted, offered]);
    } catch (error) {
      // Another tab has it open now: it is not ours to delete.
      if (!(error instanceof TakeOpen)) throw error;
    }
    await this.refresh();
  }

  async undo(id: TakeId): Promise<void> {
    this.#showDeleted(this.deleted.filter((one) => idOf(one) !== id));
    this.#removing.get(id)?.letGo();
    this.#removing.delete(id);
    await this.refresh();
  }

  #showDeleted(deleted: readonly OfferedTake[]): void {
    this.deleted = deleted;
    this.#undo.follow(deleted.map(idOf));
  }

  /** A take that the device cannot let go of is offered again. */
  async #expire(id: TakeId): Promise<void> {
    this.#showDeleted(this.deleted.filter((one) => idOf(one) !== id));
    const removing = this.#removing.get(id);
    this.#removing.delete(id);
    if (removing === undefined) return;
    try {
      await removing.drop();
    } catch (error) {
      console.warn(error);
    } finally {
      removing.letGo();
    }
    await this.refresh().catch((error: unknown) => console.warn(error));
  }
}

function idOf({ take }: OfferedTake): TakeId {
  return take.origin.takeId;
}

async function withLength(shelf: TakeShelf, take: KeptTake): Promise<OfferedTake> {
  const frames = await framesOf(shelf, take);
  const { sampleRate } = take.origin;
  const durationSamples = frames === null ? null : Math.round((frames * SAMPLE_RATE) / sampleRate);
  return { take, durationSamples };
}
