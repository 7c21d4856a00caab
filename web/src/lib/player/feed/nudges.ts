// How whoever waits is told that something has changed.

export class Nudges {
  #next = Promise.withResolvers<void>();

  /** Wakes everybody who waits. */
  readonly nudge = (): void => {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  };

  /** Resolves with the next nudge; rejects with the signal's reason once it aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const given = Promise.withResolvers<never>();
    const give = (): void => given.reject(signal.reason);
    signal.throwIfAborted();
    signal.addEventListener('abort', give, { once: true });
    try {
      await Promise.race([this.#next.promise, given.promise]);
    } finally {
      signal.removeEventListener('abort', give);
    }
  }
}
