// Plays a path as one file at one address: what every browser can, without the switch at a fork
// that has no gap and without a mix of the page's own.
import { codecMime, type Codec } from '#domain/timeline/path-packs.ts';
import { SAMPLE_RATE, samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';
import { Refused } from '../upload/api.ts';
import { hushes, type Engine, type EnginePath, type EngineReports } from './engine.ts';
import { PlaylistStore } from './feed/playlist-store.ts';
import { HAVE_METADATA, type MediaPort } from './media-port.ts';

/** The address of a path as one file: another one in each state, so that no cache answers for it. */
const pathAudio = ({ leaf, state }: EnginePath, codec: Codec): string =>
  `/api/takes/${leaf}/path?codec=${codec}&state=${encodeURIComponent(state)}`;

/** Ends of one path in two files differ by less: a quarter of a second. */
const END_SLACK_SAMPLES = SAMPLE_RATE / 4;

export class ProgressiveEngine implements Engine {
  readonly mixesRoughly = false;
  readonly #media: MediaPort;
  readonly #reports: EngineReports;
  readonly #codec: Codec;
  /** Where to go once the element knows its length, samples; null when it is there. */
  #pending: number | null = null;
  #isLoading = false;
  #opened: EnginePath | null = null;
  /** More of the path that plays, or of its voices: loaded at its end, so that nothing is cut. */
  #grown: EnginePath | null = null;
  /** What is loading is to go on from the end of what was played. */
  #goesOn = false;
  /** Ends asking why the element has failed. */
  #asking = new AbortController();
  readonly #onMetadata = (): void => this.#arrive();

  constructor(media: MediaPort, reports: EngineReports) {
    this.#media = media;
    this.#reports = reports;
    this.#codec = media.canPlayType(codecMime.aac) === '' ? 'opus' : 'aac';
    media.addEventListener('loadedmetadata', this.#onMetadata);
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  get positionSamples(): number {
    return this.#pending ?? secondsToSamples(this.#media.currentTime);
  }

  open(path: EnginePath, atSamples: number | null): void {
    const { paused, ended, error } = this.#media;
    const plays = !paused && !ended && error === null;
    const before = this.#opened;
    const grows = before?.leaf === path.leaf && !hushes(path, before);
    this.#grown = null;
    this.#goesOn = false;
    if (grows && atSamples === null && plays) {
      this.#grown = path;
      return;
    }
    this.#asking.abort();
    this.#opened = path;
    this.#pending = atSamples ?? this.positionSamples;
    this.#reports.onlength(0);
    if (!path.isHeard) {
      this.#media.pause();
      this.#reports.onnothing();
      return;
    }
    this.#isLoading = true;
    this.#media.preload = 'metadata';
    this.#media.src = pathAudio(path, this.#codec);
    this.#media.load();
    this.#reports.onsource();
  }

  seek(samples: number): void {
    const isThere = !this.#isLoading && this.#media.readyState >= HAVE_METADATA;
    this.#pending = isThere ? null : samples;
    if (isThere)
      this.#media.currentTime = Math.min(samplesToSeconds(samples), this.#media.duration);
  }

  hasMore(): boolean {
    const grown = this.#grown;
    if (grown === null) return false;
    this.open(grown, this.positionSamples);
    this.#goesOn = true;
    return true;
  }

  prefetch(): void {
    // The element loads one address at a time.
  }

  explain(words: string): void {
    if (this.#isLoading && this.#opened !== null) void this.#ask(this.#opened, words);
    else this.#reports.onfailed(words);
  }

  close(): void {
    this.#asking.abort();
    this.#media.removeEventListener('loadedmetadata', this.#onMetadata);
  }

  /** An element does not say why it was refused a file: the playlist is refused for the same. */
  async #ask(path: EnginePath, words: string): Promise<void> {
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const isHeard = await canBeHeard(path, this.#codec, signal);
    if (signal.aborted) return;
    if (isHeard) this.#reports.onfailed(words);
    else this.#reports.onnothing();
  }

  #arrive(): void {
    this.#isLoading = false;
    const { duration } = this.#media;
    const length = Number.isFinite(duration) ? secondsToSamples(duration) : Infinity;
    if (length < Infinity) this.#reports.onlength(length);
    const at = this.#pending;
    if (at !== null && at > length + END_SLACK_SAMPLES) {
      // Without a voice that was left out it is not rendered so far yet: the place is kept.
      this.#reports.onnothing();
      this.#media.pause();
      return;
    }
    this.#pending = null;
    if (at !== null && at > 0) this.seek(at);
    if (this.#goesOn && at !== null && at >= length - END_SLACK_SAMPLES) {
      // It has other voices, and no more: an element that is told to play at its end begins anew.
      this.#media.pause();
      this.#reports.onend();
      return;
    }
    // Play may have been pressed while it loaded.
    this.#reports.onsource();
  }
}

/** False only if the server says that nothing of the path is rendered. */
async function canBeHeard(path: EnginePath, codec: Codec, signal: AbortSignal): Promise<boolean> {
  try {
    const { segments } = await new PlaylistStore({ codec, rough: false }).get(path, signal);
    return segments.length > 0;
  } catch (error) {
    return !(error instanceof Refused && error.problem.code === 'conflict');
  }
}
