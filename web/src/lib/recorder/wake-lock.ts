// Keeps the screen on while somebody records, so that the device does not lock under them.

interface Sentinel {
  release(): Promise<void>;
}
interface Screen {
  readonly wakeLock?: { request(type: 'screen'): Promise<Sentinel> };
}

/** Browsers let the lock go with a hidden page: it is asked for again when the page is back. */
export class WakeLock {
  #wanted = false;
  #sentinel: Promise<Sentinel | null> = Promise.resolve(null);
  readonly #screen: Screen;
  readonly #page: Pick<Document, 'visibilityState' | 'addEventListener' | 'removeEventListener'>;
  readonly #again = (): void => {
    if (this.#wanted && this.#page.visibilityState === 'visible') this.#ask();
  };

  constructor(screen: Screen = navigator, page = document) {
    this.#screen = screen;
    this.#page = page;
  }

  /** Holds the screen on, or lets it go; asking twice changes nothing. */
  set(on: boolean): void {
    if (on === this.#wanted) return;
    this.#wanted = on;
    if (on) {
      this.#page.addEventListener('visibilitychange', this.#again);
      this.#ask();
      return;
    }
    this.#page.removeEventListener('visibilitychange', this.#again);
    this.#letGo();
  }

  #ask(): void {
    this.#letGo();
    // Refused on a low battery, and missing in some browsers: the screen then does as it likes.
    const lock = this.#screen.wakeLock;
    this.#sentinel =
      lock === undefined ? Promise.resolve(null) : lock.request('screen').catch(() => null);
  }

  #letGo(): void {
    const held = this.#sentinel;
    this.#sentinel = Promise.resolve(null);
    void held.then((sentinel) => sentinel?.release()).catch(() => undefined);
  }
}
