// One path playing: the truth about an <audio> element, in the story's own time.
import type { TakeId } from '#domain/story/ids.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Engine, EnginePath, EngineReports, OpenEngine } from './engine.ts';
import type { MediaEvent, MediaPort } from './media-port.ts';
import { describeSession, leaveSession } from './media-session.ts';
import { openEngine } from './open-engine.ts';
import { enginePathOf, placeOn, type PlayablePath } from './playable.ts';

/** `loading` also says: playing was asked for and the sound has not come yet. */
export type PlayerStatus = 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'failed';

/** MediaError.MEDIA_ERR_NETWORK. */
const NETWORK_ERROR = 2;

/** How near to its end playback counts as having reached it: a quarter of a second. */
const END_SLACK_SAMPLES = SAMPLE_RATE / 4;

const STILL_MIXING = 'This path is still being mixed. It can be played in a moment.';
const NO_ENGINE =
  'The player did not load. Check your connection, then press Play again. Your place is kept.';
const DROPPED = 'The network dropped. What is loaded plays on, and the rest comes by itself.';

/**
 * Plays one path at a time. Nothing sounds, and nothing is loaded, before `play` is called, and
 * `status` says only what the element does. `attach` it to an element first; `destroy` lets go of it.
 */
export class Player {
  status = $state<PlayerStatus>('idle');
  /** Where the listener is on the path's timeline, in samples. */
  positionSamples = $state(0);
  /** How far the loaded audio reaches, in samples; 0 before it is known. */
  loadedSamples = $state(0);
  /** What went wrong, for a person; null otherwise. */
  error = $state<string | null>(null);
  /** What does not stop it and passes by itself, for a person; null otherwise. */
  notice = $state<string | null>(null);
  /** From here on the page mixes the path by itself, until the worker has; null if it need not. */
  roughFromSamples = $state<number | null>(null);
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
  /** Whether what sounds here is mixed by the page. */
  readonly isRough = $derived(
    this.roughFromSamples !== null && this.positionSamples >= this.roughFromSamples,
  );

  readonly #openEngine: OpenEngine;
  #media: MediaPort | null = null;
  #engine: Engine | null = null;
  #isOpening = false;
  #wantsToPlay = false;
  /** What the engine was given last. */
  #opened: EnginePath | null = null;
  #likely: readonly PlayablePath[] = [];
  #frame: number | null = null;
  readonly #listeners: [MediaEvent, () => void][] = [
    ['playing', () => this.#onPlaying()],
    ['pause', () => this.#onPause()],
    ['waiting', () => this.#onWaiting()],
    ['ended', () => this.#onEnded()],
    ['error', () => this.#onError()],
    ['seeked', () => this.#readPosition()],
    // No frames are drawn in a hidden tab, or on a locked phone.
    ['timeupdate', () => this.#readPosition()],
  ];
  readonly #reports: EngineReports = {
    onsource: () => {
      if (this.#wantsToPlay) this.#start();
    },
    onend: () => this.#stopped('ended', null),
    onlength: (samples) => {
      this.loadedSamples = samples;
    },
    onrough: (from) => {
      this.roughFromSamples = from;
    },
    ondropped: (dropped) => {
      this.notice = dropped ? DROPPED : null;
    },
    onnothing: () => this.#stopped(...this.#nothing()),
    onfailed: (words) => {
      this.#media?.pause();
      this.#stopped('failed', words);
    },
  };

  constructor(open: OpenEngine = openEngine) {
    this.#openEngine = open;
  }

  /** Takes over an element. Returns the way to let go. */
  attach(media: MediaPort): () => void {
    this.destroy();
    this.#media = media;
    for (const [event, listener] of this.#listeners) media.addEventListener(event, listener);
    if (this.path !== null) this.status = 'paused';
    return () => this.destroy();
  }

  /** Lets go of the element and stops everything that runs. */
  destroy(): void {
    const media = this.#media;
    if (media === null) return;
    for (const [event, listener] of this.#listeners) media.removeEventListener(event, listener);
    media.pause();
    leaveSession();
    this.#engine?.close();
    this.#engine = null;
    this.#opened = null;
    this.#media = null;
    this.#wantsToPlay = false;
    this.#stopFollowing();
    this.status = this.path === null ? 'idle' : 'paused';
  }

  /**
   * Chooses a path. The listener keeps their place in story time, or goes to the end of what both
   * paths share if the new one is shorter, and keeps listening if they were. One on which nothing
   * may be heard any more is paused.
   */
  choose(path: PlayablePath): void {
    const before = this.path;
    this.path = path;
    if (this.status === 'idle' && this.#media !== null) this.status = 'paused';
    if (path.takes.length === 0) {
      this.pause();
      return;
    }
    if (this.#engine === null) {
      const position = this.positionSamples;
      this.positionSamples = placeOn(path, { before, position, rough: true });
      return;
    }
    const next = this.#enginePath(path);
    if (next.leaf === this.#opened?.leaf && next.state === this.#opened.state) return;
    this.#goOver(path, before);
  }

  /** Paths that the listener may choose next, likeliest first, so that they are at hand. */
  offer(paths: readonly PlayablePath[]): void {
    this.#likely = paths;
    this.#engine?.prefetch(paths.map((path) => this.#enginePath(path)));
  }

  /** Plays on; from the start if it is at its end. Call it only for a tap of the person. */
  play(): void {
    const { path } = this;
    if (path === null || path.takes.length === 0 || this.#media === null) return;
    if (this.status === 'ended' && this.#isAtEnd()) this.seek(0);
    const failed = this.status === 'failed';
    this.#wantsToPlay = true;
    this.status = 'loading';
    this.error = null;
    if (this.#engine === null) {
      // iOS lets an element play later only if it was touched within the tap.
      this.#media.load();
      void this.#begin(this.#media);
    } else {
      if (failed) this.#open(path, this.positionSamples);
      if (!this.#engine.isLoading) this.#start();
    }
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
    this.#engine?.seek(at);
    if (this.status === 'ended') this.status = 'paused';
  }

  /** Plays from the start of a take of the chosen path. */
  playFrom(id: TakeId): void {
    const take = this.path?.takes.find((one) => one.id === id);
    if (take === undefined) return;
    this.seek(take.startSamples);
    this.play();
  }

  /** The engine is loaded at the first Play, and not before. */
  async #begin(media: MediaPort): Promise<void> {
    if (this.#isOpening) return;
    this.#isOpening = true;
    try {
      const engine = await this.#openEngine(media, this.#reports);
      if (this.#media !== media) {
        engine.close();
        return;
      }
      this.#engine = engine;
      if (this.path !== null && this.path.takes.length > 0)
        this.#open(this.path, this.positionSamples);
      this.offer(this.#likely);
    } catch (error) {
      console.warn(error);
      this.#stopped('failed', NO_ENGINE);
    } finally {
      this.#isOpening = false;
    }
  }

  #open(path: PlayablePath, atSamples: number | null): void {
    if (this.#engine === null) return;
    const next = this.#enginePath(path);
    this.#opened = next;
    this.#engine.open(next, atSamples);
    if (this.playing && this.#engine.isLoading) this.status = 'loading';
    describeSession(path, {
      play: () => this.play(),
      pause: () => this.pause(),
      seek: (samples) => this.seek(samples),
    });
  }

  /** From one path, or one state of it, to another. */
  #goOver(path: PlayablePath, before: PlayablePath | null): void {
    const rough = this.#engine?.mixesRoughly ?? false;
    this.#readPosition();
    const position = this.positionSamples;
    const at = placeOn(path, { before, position, rough });
    const stands = this.status === 'ended' || this.status === 'failed';
    this.positionSamples = at;
    this.#open(path, at === position && !stands ? null : at);
    if (!stands) return;
    // Whoever stood at the old end, or found nothing, can go on.
    this.status = 'paused';
    this.error = null;
  }

  #enginePath(path: PlayablePath): EnginePath {
    return enginePathOf(path, this.#engine?.mixesRoughly ?? false);
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
    if (this.#wantsToPlay && this.#engine?.isLoading !== false) return;
    this.#wantsToPlay = false;
    this.status = 'paused';
  }

  #onWaiting(): void {
    if (this.#wantsToPlay) this.status = 'loading';
  }

  #onEnded(): void {
    this.#readPosition();
    if (this.#engine?.hasMore() === true) {
      this.status = 'loading';
      return;
    }
    this.#stopped('ended', null);
  }

  #onError(): void {
    if (this.#engine === null) return;
    const code = this.#media?.error?.code;
    const words =
      code === NETWORK_ERROR
        ? 'The network dropped while we loaded this path. Your place is kept. Press Play to try again.'
        : 'This path could not be played. Your place is kept. Press Play to try again.';
    this.#stopped('failed', words);
  }

  #isAtEnd(): boolean {
    return this.positionSamples >= this.loadedSamples - END_SLACK_SAMPLES;
  }

  #nothing(): ['paused' | 'failed', string | null] {
    return this.#wantsToPlay ? ['failed', STILL_MIXING] : ['paused', null];
  }

  #stopped(status: PlayerStatus, error: string | null): void {
    this.#wantsToPlay = false;
    this.#stopFollowing();
    this.status = status;
    this.error = error;
  }

  #readPosition(): void {
    if (this.#engine !== null) this.positionSamples = this.#engine.positionSamples;
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
}
