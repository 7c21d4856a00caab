// Where a finished take waits until the server has it. What keeps takes over a crash plugs in here.
import type { TakeId } from '#domain/story/ids.ts';

export interface KeptTake {
  readonly takeId: TakeId;
  readonly file: Blob;
  /** Milliseconds since the epoch. */
  readonly capturedAtMs: number;
}

export interface TakeKeeper {
  /** Keeps a take; the same id again replaces it. Resolves once it is as safe as it will be. */
  keep(take: KeptTake): Promise<void>;
  /** Lets a take go: it is published, or discarded for good. */
  forget(id: TakeId): Promise<void>;
}

/** Keeps takes as long as the page lives. */
export class PageTakeKeeper implements TakeKeeper {
  readonly #takes = new Map<TakeId, KeptTake>();

  async keep(take: KeptTake): Promise<void> {
    this.#takes.set(take.takeId, take);
  }

  async forget(id: TakeId): Promise<void> {
    this.#takes.delete(id);
  }
}
