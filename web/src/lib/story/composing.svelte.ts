// What the dock makes way for: an answer in the making, to the chosen take or to one that waits.
import { refreshAll } from '$app/navigation';
import type { Published } from '#domain/protocol/commands.ts';
import type { Draft } from '#domain/story/draft.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import { becomeGuest } from '../upload/guest.ts';
import type { StoryPage } from './story-page.svelte.ts';

/** What an answer begins with, besides the chosen take. */
type Beside = Partial<Record<'draft' | 'kept' | 'waiting', TakeId | null>>;

export class Composing {
  /** Null while nothing is in the making. */
  kind = $state<'record' | 'write' | null>(null);
  /** The take that waits on this device and is recorded over; null for the chosen one. */
  over = $state<TakeId | null>(null);
  /** The draft that the composer goes on with; null for whatever is over the chosen take. */
  draftId = $state<TakeId | null>(null);
  /** The take of an earlier visit that the recorder opens with. */
  recover = $state<TakeId | null>(null);
  /** Why no other take can be opened now; null if one can. */
  readonly busy = $derived(this.kind === null ? null : 'First close what you have open below.');
  readonly #story: StoryPage;
  readonly #person: () => Voice | null;

  constructor(story: StoryPage, person: () => Voice | null) {
    this.#story = story;
    this.#person = person;
  }

  /** Begins, if nothing is in the making and the chosen take, or the one that waits, can be answered. */
  begin(
    kind: 'record' | 'write',
    { draft = null, kept = null, waiting = null }: Beside = {},
  ): void {
    if (this.kind !== null || (waiting === null && !this.#story.answerable)) return;
    this.#story.player.pause();
    this.over = waiting;
    this.draftId = draft;
    this.recover = kept;
    this.kind = kind;
  }

  /** Opens the recorder with a take that this device kept, over the take that it answers. */
  use({ origin }: KeptTake): void {
    const { takeId, parentId } = origin;
    if (parentId === null || this.kind !== null) return;
    const isThere = this.#story.live.tree.takes.has(parentId);
    if (isThere) this.#story.choose(parentId);
    this.begin('record', { kept: takeId, waiting: isThere ? null : parentId });
  }

  goOn({ id, parentId }: Draft): void {
    this.#story.choose(parentId);
    this.begin('write', { draft: id });
  }

  /** Others see who records; whoever has no name yet is a guest from their first recording on. */
  async recording(tail: TakeId | null): Promise<void> {
    const { live } = this.#story;
    // Of a take that waits here nobody else has heard yet.
    live.recordingOver(tail !== null && live.tree.takes.has(tail) ? tail : null);
    if (tail === null || this.#person() !== null) return;
    // Without a session nobody is told, and that is all: the take does not depend on it.
    await becomeGuest().catch(() => undefined);
  }

  close(): void {
    this.kind = null;
    void this.#story.written.refresh();
  }

  /** A written take waits for the line, and is sent as soon as there is one. */
  async waits(): Promise<void> {
    this.kind = null;
    await this.#story.outbox.refresh();
  }

  async published({ takeId, takesLeft }: Published): Promise<void> {
    this.close();
    await refreshAll();
    this.#story.expect(takeId);
    this.#story.acts.warn(takesLeft);
  }
}
