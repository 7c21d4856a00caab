// A source buffer that knows what was appended where. One thing is done to it at a time.
import { segmentStart, SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';
import type { Laid, Stretch } from './feed-plan.ts';
import { isSated, mediaSourceKind } from './media-kinds.ts';

/** A segment's bytes, to be appended. */
export interface Layer extends Laid {
  readonly index: number;
  /** The type of its bytes, and the init section that must precede the first of a type. */
  readonly mime: string;
  readonly init: Uint8Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The element that plays what is laid. */
export interface FedMedia {
  src: string;
  disableRemotePlayback?: boolean;
}

export class LaidBuffer {
  readonly laid = new Map<number, Laid>();
  readonly #source: MediaSource;
  readonly #buffer: SourceBuffer;
  #mime: string;
  #hasInit = false;
  #last: Promise<void> = Promise.resolve();

  private constructor(source: MediaSource, mime: string) {
    this.#source = source;
    this.#mime = mime;
    this.#buffer = source.addSourceBuffer(mime);
  }

  /** Gives an element a source of its own. `onwish`: a managed source wants more, or no more. */
  static async open(media: FedMedia, mime: string, onwish: () => void): Promise<LaidBuffer> {
    const Kind = mediaSourceKind();
    if (Kind === null) throw new Error('this browser has no MediaSource');
    const source = new Kind();
    const opened = once(source, 'sourceopen');
    source.addEventListener('startstreaming', onwish);
    source.addEventListener('endstreaming', onwish);
    // A managed source plays only where nothing is sent to another device.
    if ('streaming' in source) media.disableRemotePlayback = true;
    const url = URL.createObjectURL(source);
    media.src = url;
    await opened;
    // The element has the source itself from now on.
    URL.revokeObjectURL(url);
    return new LaidBuffer(source, mime);
  }

  /** What the browser holds. */
  get held(): Stretch[] {
    if (this.#source.readyState === 'closed') return [];
    const { buffered } = this.#buffer;
    return Array.from({ length: buffered.length }, (_, index) => ({
      from: secondsToSamples(buffered.start(index)),
      to: secondsToSamples(buffered.end(index)),
    }));
  }

  /** NaN before it was said. */
  get lengthSamples(): number {
    return this.#source.duration * 48_000;
  }

  /** Whether the end was said, and nothing was done since. */
  get ended(): boolean {
    return this.#source.readyState === 'ended';
  }

  /** True while the browser wants no more. */
  get isSated(): boolean {
    return isSated(this.#source);
  }

  /** Appends over whatever is there. @throws {DOMException} `QuotaExceededError`: nothing was done */
  async lay({ index, id, fromSamples, mime, init, bytes }: Layer, signal: AbortSignal) {
    if (mime !== this.#mime || !this.#hasInit) {
      await this.#run(signal, () => {
        if (mime !== this.#mime) this.#buffer.changeType(mime);
        this.#mime = mime;
        this.#buffer.appendBuffer(init);
        this.#hasInit = true;
      });
    }
    await this.#run(signal, () => {
      this.#buffer.appendBuffer(bytes);
      this.laid.set(index, { id, fromSamples });
    });
  }

  /** Takes away what begins within a stretch. */
  async remove({ from, to }: Stretch, signal: AbortSignal): Promise<void> {
    await this.#run(signal, () => {
      this.#buffer.remove(samplesToSeconds(from), samplesToSeconds(to));
      for (const index of this.laid.keys()) {
        const start = segmentStart(index);
        if (start < to && start + SEGMENT_SAMPLES > from) this.laid.delete(index);
      }
    });
  }

  /** Says how long it all is. Nothing beyond it may be held. */
  async setLength(samples: number, signal: AbortSignal): Promise<void> {
    if (this.ended) {
      // Once the end was said, only a change of what is held opens the source again.
      await this.#run(signal, () => this.#buffer.remove(this.#source.duration, Infinity));
    }
    await this.#run(signal, () => {
      this.#source.duration = samplesToSeconds(samples);
    });
  }

  /** Says that nothing follows what is held. */
  async end(signal: AbortSignal): Promise<void> {
    await this.#run(signal, () => {
      if (this.#source.readyState === 'open') this.#source.endOfStream();
    });
  }

  /** Runs after whatever runs; what was given up meanwhile is not begun. */
  async #run(signal: AbortSignal, act: () => void): Promise<void> {
    const run = async (): Promise<void> => {
      signal.throwIfAborted();
      act();
      if (this.#buffer.updating) await once(this.#buffer, 'updateend');
    };
    const done = this.#last.then(run);
    this.#last = done.catch(() => undefined);
    await done;
  }
}

function once(target: EventTarget, event: string): Promise<void> {
  return new Promise((resolve) => {
    target.addEventListener(event, () => resolve(), { once: true });
  });
}
