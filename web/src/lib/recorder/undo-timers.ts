// How long what was discarded can be taken back.
import type { TakeId } from '#domain/story/ids.ts';

/** How long a discarded take can be taken back, milliseconds. */
const UNDO_MS = 10_000;

/** Counts down for each take that is discarded. `end` it with its recorder. */
export class UndoTimers {
  readonly #timers = new Map<TakeId, ReturnType<typeof setTimeout>>();
  readonly #onexpired: (id: TakeId) => void;

  constructor(onexpired: (id: TakeId) => void) {
    this.#onexpired = onexpired;
  }

  /** These are discarded now: those that were not begin to count, those that are not any more end. */
  follow(discarded: readonly TakeId[]): void {
    for (const [id, timer] of this.#timers)
      if (!discarded.includes(id)) {
        clearTimeout(timer);
        this.#timers.delete(id);
      }
    for (const id of discarded)
      if (!this.#timers.has(id))
        this.#timers.set(
          id,
          setTimeout(() => this.#onexpired(id), UNDO_MS),
        );
  }

  /** Counts no further: what can no longer be taken back here is not let go behind one's back. */
  end(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }
}
