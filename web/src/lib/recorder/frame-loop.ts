// Something that is done with each frame of the screen, while there is reason to.

/** `stop` it with whatever started it. */
export class FrameLoop {
  #frame: number | null = null;

  /** Runs `step` with each frame until it says false. Starting twice is starting once. */
  start(step: () => boolean): void {
    const next = (): void => {
      this.#frame = step() ? requestAnimationFrame(next) : null;
    };
    this.#frame ??= requestAnimationFrame(next);
  }

  stop(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }
}
