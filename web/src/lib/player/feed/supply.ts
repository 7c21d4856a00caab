// What a feeder needs from the network, however long it takes: paths, and the bytes of segments.
import { FLAC_MIME, flacInit } from '#domain/media/flac.ts';
import { cutFragment } from '#domain/media/fragment.ts';
import { segmentStart } from '#domain/timeline/grid.ts';
import { codecMime, type Codec } from '#domain/timeline/path-packs.ts';
import { Unreachable } from '../../upload/api.ts';
import type { EnginePath } from '../engine.ts';
import type { FeedPath } from './feed-path.ts';
import type { Layer } from './laid-buffer.ts';
import { waitForLine } from './patience.ts';
import { PlaylistStore } from './playlist-store.ts';
import { RoughMixer, Unmixable } from './rough-mixer.ts';
import { SegmentStore } from './segment-store.ts';
import { LinkExpired, SoundMissing } from './stored-object.ts';

/** Neighbouring segments of a path, from a sample on. */
export interface Batch {
  readonly index: number;
  readonly count: number;
  readonly fromSamples: number;
}

/** What is not there under so many links in a row is missing. */
const MOST_EXPIRIES = 5;

export interface SupplyOptions {
  readonly codec: Codec;
  /** Whether the page mixes what is not rendered. */
  readonly rough: boolean;
  /** The network does not answer, or does again. It is tried on after this resolves. */
  readonly ondropped: (dropped: boolean) => Promise<void>;
  readonly wait?: typeof waitForLine;
}

export class Supply {
  readonly #playlists: PlaylistStore;
  readonly #segments = new SegmentStore({ rough: new RoughMixer() });
  readonly #ondropped: (dropped: boolean) => Promise<void>;
  readonly #wait: typeof waitForLine;
  #isDropped = false;
  /** Times in a row that links did not work. */
  #expiries = 0;

  constructor({ codec, rough, ondropped, wait = waitForLine }: SupplyOptions) {
    this.#playlists = new PlaylistStore({ codec, rough });
    this.#ondropped = ondropped;
    this.#wait = wait;
  }

  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** The path if it is known already. */
  peek(wanted: EnginePath): FeedPath | null {
    return this.#playlists.peek(wanted);
  }

  /** @throws {Refused} the server says no */
  async path(wanted: EnginePath, signal: AbortSignal): Promise<FeedPath> {
    return await this.#patiently(signal, () => this.#playlists.get(wanted, signal));
  }

  /**
   * Segments as they are appended. Null if the path must be asked for again: its links have expired,
   * or the page cannot mix its end after all.
   * @throws {Refused} the server says no
   * @throws {SoundMissing} they were not there time and again; whoever asks once more begins anew
   */
  async layers(
    path: FeedPath,
    { wanted, batch }: { wanted: EnginePath; batch: Batch },
    signal: AbortSignal,
  ): Promise<Layer[] | null> {
    try {
      const layers = await this.#patiently(signal, () => this.#layers(path, batch, signal));
      this.#expiries = 0;
      return layers;
    } catch (error) {
      if (error instanceof Unmixable) this.#playlists.leaveOutRough();
      else if (error instanceof LinkExpired) await this.#expired(wanted, signal);
      else throw error;
      return null;
    }
  }

  async #expired(wanted: EnginePath, signal: AbortSignal): Promise<void> {
    this.#playlists.forget(wanted);
    this.#expiries += 1;
    if (this.#expiries === MOST_EXPIRIES) {
      this.#expiries = 0;
      throw new SoundMissing(`not there under ${MOST_EXPIRIES} links`);
    }
    if (this.#expiries > 1) await this.#wait(this.#expiries, signal);
  }

  /** Loads what a branch would need from a segment on, at one try; false if it did not come. */
  async prefetch(
    likely: EnginePath,
    span: (other: FeedPath) => { readonly index: number; readonly count: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    try {
      const other = await this.#playlists.get(likely, signal);
      const { index, count } = span(other);
      for (const [at, segment] of other.segments.slice(index, index + count).entries()) {
        if (segment.source.kind === 'pack') await this.#segments.get([segment], index + at, signal);
      }
      return true;
    } catch (error) {
      if (error instanceof LinkExpired) this.#playlists.forget(likely);
      return false;
    }
  }

  async #layers(
    path: FeedPath,
    { index, count, fromSamples }: Batch,
    signal: AbortSignal,
  ): Promise<Layer[]> {
    const segments = path.segments.slice(index, index + count);
    const isRough = segments[0]?.source.kind === 'rough';
    const [init, parts] = await Promise.all([
      isRough ? flacInit() : this.#segments.init(path, signal),
      this.#segments.get(segments, index, signal),
    ]);
    const mime = isRough ? FLAC_MIME : codecMime[path.codec];
    return segments.flatMap(({ id }, at) => {
      const start = segmentStart(index + at);
      const from = Math.max(start, fromSamples);
      const whole = parts[at] ?? null;
      const bytes = whole === null || from === start ? whole : cutFragment(whole, from);
      return bytes === null
        ? []
        : [{ index: index + at, id, fromSamples: from, mime, init, bytes }];
    });
  }

  /** Does what needs the network, until it succeeds or fails for good. */
  async #patiently<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        const result = await step();
        await this.#drop(false);
        return result;
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error)) throw error;
        await this.#drop(true);
        await this.#wait(failures, signal);
      }
    }
  }

  async #drop(dropped: boolean): Promise<void> {
    if (this.#isDropped === dropped) return;
    this.#isDropped = dropped;
    await this.#ondropped(dropped);
  }
}

/** Whether the same may succeed later. */
function isPassing(error: unknown): boolean {
  if (error instanceof Unreachable) return true;
  return error instanceof DOMException && error.name === 'TimeoutError';
}
