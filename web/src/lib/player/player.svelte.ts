// One path playing: the truth about an <audio> element, in the story's own time.
import type { TakeId } from '#domain/story/ids.ts';
import { codecMime, type Codec } from '#domain/timeline/path-packs.ts';
import { samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';
import type { MediaEvent, MediaPort } from './media-port.ts';

/** A path to listen to: seed first, the leaf last, each with its place on the timeline. */
export interface PlayablePath {
  readonly takes: readonly {
    readonly id: TakeId;
    readonly startSamples: number;
    /** Null while the worker has not measured it. */
    readonly durationSamples: number | null;
    /** Whether its region is rendered, so that the path plays through it. */
    readonly mixed: boolean;
  }[];
  readonly title: string;
  /** Whose voices: shown on lock screens. */
  readonly artist: string;
}

/** `loading` also says: playing was asked for and the sound has not come yet. */
export type PlayerStatus = 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'failed';

export interface PlayerOptions {
  /** Address of a path's audio. */
  readonly sourceOf?: (leaf: TakeId, codec: Codec) => string;
}

/** Before this the element does not know how long it is: HAVE_METADATA. */
const HAVE_METADATA = 1;
/** How near to its end playback counts as having reached it, seconds. */
const END_SLACK_SECONDS = 0.25;
/** MediaError.MEDIA_ERR_NETWORK. */
const NETWORK_ERROR = 2;

const STILL_MIXING = 'This path is still being mixed. It can be played in a moment.';

const pathAudio = (leaf: TakeId, codec: Codec): string => `/api/takes/${leaf}/path?codec=${codec}`;

/**
 * Plays one path at a time. Nothing sounds before `play` is called, and `status` says only what
 * the element does. `attach` it to an element first; `destroy` lets go of it.
 */
export class Player {
  status = $state<PlayerStatus>('idle');
  /** Where the listener is on the path's timeline, in samples. */
  positionSamples = $state(0);
  /** How far the loaded audio reaches, in samples; 0 before it is known. */
  loadedSamples = $state(0);
  /** What went wrong, for a person; null otherwise. */
  error = $state<string | null>(null);
  path = $state.raw<PlayablePath | null>(null);

  /** Whether it plays, or will as soon as there is sound. */
  readonly playing = $derived(this.status === 'playing' || this.status === 'loading');
  readonly leaf = $derived(this.path?.takes.at(-1)?.id ?? null);
  /** End of the path by the tree, in samples; what is not rendered yet is part of it. */
  readonly durationSamples = $derived(
    Math.max(
      this.loadedSamples,
      ...(this.path?.takes ?? []).map((take) => take.startSamples + (take.durationSamples ?? 0)),
    ),
  );
  /** The take whose region sounds now: the last that has begun. */
  readonly takeId = $derived(
    this.path?.takes.findLast((take) => take.startSamples <= this.positionSamples)?.id ?? null,
  );

  readonly #sourceOf: (leaf: TakeId, codec: Codec) => string;
  #media: MediaPort | null = null;
  #codec: Codec = 'aac';
  #wantsToPlay = false;
  /** Where to go once the element knows its length, seconds; null when it is there. */
  #pendingSeek: number | null = null;
  /** How many takes were rendered when the source was loaded: more means that it has grown. */
  #mixedWhenLoaded = 0;
  #frame: number | null = null;
  readonly #listeners: [MediaEvent, () => void][] = [
    ['loadedmetadata', () => this.#onMetadata()],
    ['playing', () => this.#onPlaying()],
    ['pause', () => this.#onPause()],
    ['waiting', () => this.#onWaiting()],
    ['ended', () => this.#onEnded()],
    ['error', () => this.#onError()],
    ['seeked', () => this.#readPosition()],
  ];

  constructor({ sourceOf = pathAudio }: PlayerOptions = {}) {
    this.#sourceOf = sourceOf;
  }

  /** Takes over an element; it may already play by its own controls. Returns the way to let go. */
  attach(media: MediaPort): () => void {
    this.destroy();
    this.#media = media;
    this.#codec = media.canPlayType(codecMime.aac) === '' ? 'opus' : 'aac';
    for (const [event, listener] of this.#listeners) media.addEventListener(event, listener);
    if (this.path !== null) this.#load();
    return () => this.destroy();
  }

  /** Lets go of the element and stops everything that runs. */
  destroy(): void {
    const media = this.#media;
    if (media === null) return;
    for (const [event, listener] of this.#listeners) media.removeEventListener(event, listener);
    media.pause();
    this.#media = null;
    this.#stopFollowing();
    this.status = this.path === null ? 'idle' : 'paused';
  }

  /**
   * Chooses a path. The listener keeps their place in story time, or goes to the end of what both
   * paths share if the new one is shorter, and keeps listening if they were.
   */
  choose(path: PlayablePath): void {
    const before = this.path;
    this.path = path;
    if (before !== null && path.takes.at(-1)?.id === before.takes.at(-1)?.id) {
      this.#growIfWaiting();
      return;
    }
    const end = playableEnd(path);
    const stay = before === null ? 0 : this.positionSamples;
    const at = stay < end ? stay : sharedEnd(before, path);
    this.positionSamples = at;
    this.#wantsToPlay = this.playing;
    this.#load();
  }

  /** Plays on; from the start if it is at its end. Call it only for a tap of the person. */
  play(): void {
    if (this.path === null || this.#media === null) return;
    if (this.status === 'failed' || (this.status === 'ended' && this.#hasGrown())) this.#load();
    else if (this.status === 'ended') this.seek(0);
    if (this.#mixedWhenLoaded === 0) {
      this.#stopped('failed', STILL_MIXING);
      return;
    }
    this.#wantsToPlay = true;
    this.status = 'loading';
    this.error = null;
    this.#start();
  }

  pause(): void {
    this.#wantsToPlay = false;
    this.#media?.pause();
    if (this.status === 'loading') this.status = 'paused';
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  /** Goes to a place on the path's timeline; playing stays as it is. */
  seek(samples: number): void {
    const at = Math.max(0, Math.min(samples, this.durationSamples));
    this.positionSamples = at;
    this.#goTo(samplesToSeconds(at));
    if (this.status === 'ended') this.status = 'paused';
  }

  /** Plays from the start of a take of the chosen path. */
  playFrom(id: TakeId): void {
    const take = this.path?.takes.find((one) => one.id === id);
    if (take === undefined) return;
    this.seek(take.startSamples);
    this.play();
  }

  #load(): void {
    const { leaf } = this;
    if (this.#media === null || leaf === null) return;
    this.#mixedWhenLoaded = this.#mixedNow();
    this.#pendingSeek = samplesToSeconds(this.positionSamples);
    this.loadedSamples = 0;
    this.error = null;
    if (this.#mixedWhenLoaded === 0) {
      const words = this.#wantsToPlay ? STILL_MIXING : null;
      this.#stopped(words === null ? 'paused' : 'failed', words);
      this.#media.pause();
      return;
    }
    this.status = this.#wantsToPlay ? 'loading' : 'paused';
    this.#media.preload = 'metadata';
    this.#media.src = this.#sourceOf(leaf, this.#codec);
    this.#media.load();
    this.#describe();
    if (this.#wantsToPlay) this.#start();
  }

  #start(): void {
    this.#media?.play().catch((error: unknown) => {
      // A new source or a pause ends the promise of the old one; that is no failure.
      if (error instanceof DOMException && error.name === 'AbortError') return;
      if (error instanceof DOMException && error.name === 'NotAllowedError')
        this.#stopped('paused', 'Your browser waits for a tap before it plays sound.');
      // Anything else is told by the element's own error event.
    });
  }

  #goTo(seconds: number): void {
    const media = this.#media;
    if (media === null) return;
    if (media.readyState < HAVE_METADATA) this.#pendingSeek = seconds;
    else media.currentTime = Math.min(seconds, media.duration);
  }

  #onMetadata(): void {
    const media = this.#media;
    if (media === null) return;
    if (Number.isFinite(media.duration)) this.loadedSamples = secondsToSamples(media.duration);
    const seconds = this.#pendingSeek;
    this.#pendingSeek = null;
    if (seconds !== null && seconds > 0) this.#goTo(seconds);
  }

  #onPlaying(): void {
    this.#wantsToPlay = true;
    this.status = 'playing';
    this.error = null;
    this.#follow();
  }

  #onPause(): void {
    this.#readPosition();
    this.#stopFollowing();
    if (this.#media?.ended === true || this.status === 'failed') return;
    // A new source pauses the old one while playing goes on.
    if (this.#wantsToPlay && this.#pendingSeek !== null) return;
    this.#wantsToPlay = false;
    this.status = 'paused';
  }

  #onWaiting(): void {
    if (this.#wantsToPlay) this.status = 'loading';
  }

  #onEnded(): void {
    this.#readPosition();
    if (this.#hasGrown()) {
      this.#load();
      return;
    }
    this.#stopped('ended', null);
  }

  #onError(): void {
    const code = this.#media?.error?.code;
    const words =
      code === NETWORK_ERROR
        ? 'The network dropped while we loaded this path. Your place is kept. Press Play to try again.'
        : 'This path could not be played. Your place is kept. Press Play to try again.';
    this.#stopped('failed', words);
  }

  #stopped(status: PlayerStatus, error: string | null): void {
    this.#wantsToPlay = false;
    this.#stopFollowing();
    this.status = status;
    this.error = error;
  }

  #mixedNow(): number {
    const takes = this.path?.takes ?? [];
    const open = takes.findIndex((take) => !take.mixed);
    return open === -1 ? takes.length : open;
  }

  #hasGrown(): boolean {
    return this.#mixedNow() > this.#mixedWhenLoaded;
  }

  /** More of the path is rendered: whoever stands at the old end, or found nothing, gets the rest. */
  #growIfWaiting(): void {
    if (!this.#hasGrown()) return;
    const atEnd = this.positionSamples >= this.loadedSamples - secondsToSamples(END_SLACK_SECONDS);
    if (this.status === 'failed' || (!this.playing && atEnd) || this.loadedSamples === 0)
      this.#load();
  }

  #readPosition(): void {
    const media = this.#media;
    if (media === null || this.#pendingSeek !== null) return;
    this.positionSamples = secondsToSamples(media.currentTime);
  }

  #follow(): void {
    if (this.#frame !== null || typeof requestAnimationFrame === 'undefined') return;
    const next = (): void => {
      this.#readPosition();
      this.#frame = requestAnimationFrame(next);
    };
    this.#frame = requestAnimationFrame(next);
  }

  #stopFollowing(): void {
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
  }

  #describe(): void {
    if (this.path === null || typeof navigator === 'undefined') return;
    if (!('mediaSession' in navigator)) return;
    const { title, artist } = this.path;
    navigator.mediaSession.metadata = new MediaMetadata({ title, artist });
    navigator.mediaSession.setActionHandler('play', () => this.play());
    navigator.mediaSession.setActionHandler('pause', () => this.pause());
    navigator.mediaSession.setActionHandler('seekto', ({ seekTime }) => {
      if (seekTime !== undefined) this.seek(secondsToSamples(seekTime));
    });
  }
}

/** Where the rendered part of a path ends, in samples. */
function playableEnd(path: PlayablePath): number {
  const open = path.takes.findIndex((take) => !take.mixed);
  const last = path.takes.at(open === -1 ? -1 : open - 1);
  if (open === 0 || last === undefined) return 0;
  return last.startSamples + (last.durationSamples ?? 0);
}

/** Where the takes that two paths share end, or the rendered part of the second does. */
function sharedEnd(before: PlayablePath | null, path: PlayablePath): number {
  const shared = path.takes.findIndex((take, index) => before?.takes[index]?.id !== take.id);
  return Math.min(path.takes[shared]?.startSamples ?? 0, playableEnd(path));
}
