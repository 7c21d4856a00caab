// How long the outbox waits before it tries again.

const PAUSE_MS = 5_000;
/** The longest pause while the story asks to wait, in pauses. */
const MOST_PAUSES = 8;

export class SendingPause {
  readonly #pauseMs: number;
  /** How often on end the story asked to wait with all that waits. */
  #putOffs = 0;

  /** @param pauseMs the pause after the line failed, milliseconds */
  constructor(pauseMs = PAUSE_MS) {
    this.#pauseMs = pauseMs;
  }

  /**
   * The next pause, milliseconds: twice the one before while the story puts off all that waits.
   * @param isPutOff whether it does
   */
  next(isPutOff: boolean): number {
    this.#putOffs = isPutOff ? this.#putOffs + 1 : 0;
    return this.#pauseMs * Math.min(2 ** Math.max(0, this.#putOffs - 1), MOST_PAUSES);
  }

  /** The story took something: what waits behind it may be taken soon. */
  taken(): void {
    this.#putOffs = 0;
  }
}
