// Large sends one after the other: between them, the event loop is free for everybody else.

/** What is sent in one turn of the event loop, bytes; the kernel copies about 2 GB a second. */
const TURN_BYTES = 8 * 1024 * 1024;

export class Turns {
  readonly #waiting: (() => number)[] = [];
  #isScheduled = false;

  /** Runs `send` in a later turn; it returns how many bytes it has sent. */
  take(send: () => number): void {
    this.#waiting.push(send);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    let bytes = 0;
    while (bytes < TURN_BYTES) {
      const send = this.#waiting.shift();
      if (send === undefined) return;
      bytes += send();
    }
    if (this.#waiting.length > 0) this.#schedule();
  }
}
