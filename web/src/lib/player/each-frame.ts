// Something that is done before each frame that the browser draws, for as long as it is wanted.

export class EachFrame {
  readonly #act: () => void;
  #frame: number | null = null;

  constructor(act: () => void) {
    this.#act = act;
  }

  /** Does nothing where no frames are drawn. */
  start(): void {
    if (this.#frame !== null || typeof requestAnimationFrame === 'undefined') return;
    const next = (): void => {
      this.#act();
      this.#frame = requestAnimationFrame(next);
    };
    this.#frame = requestAnimationFrame(next);
  }

  stop(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }
}
