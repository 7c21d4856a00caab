// One path playing: the truth about an <audio> element, in the story's own time.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { EachFrame } from './each-frame.ts';
import type { Engine, EnginePath, EngineReports, OpenEngine } from './engine.ts';
import type { MediaEvent, MediaPort } from './media-port.ts';
import { describeSession, leaveSession } from './media-session.ts';
import { openEngine } from './open-engine.ts';
import { enginePathOf, placeOn, type PlayablePath } from './playable.ts';
import { DROPPED, NO_ENGINE, STILL_MIXING, WAITS_FOR_TAP, wordsOfError } from './player-words.ts';

/** `loading` also says: playing was asked for and the sound has not come yet. */
export type PlayerStatus = 'idle' | 'loading' | 'playing' | 'paused' | 'ended' | 'failed';

/** How near to its end playback counts as having reached it: a quarter of a second. */
const END_SLACK_SAMPLES = SAMPLE_RATE / 4;

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
  /** What was opened cannot be heard where the listener is: Play opens it once more. */
  #lacksSound = false;
  #likely: readonly PlayablePath[] = [];
  readonly #frames = new EachFrame(() => this.#readPosition());
  readonly #listeners: [MediaEvent, () => void][] = [
    ['playing', () => this.#onPlaying()],
    ['pause', () => this.#onPause()],
    ['waiting', () => this.#onWaiting()],
    ['ended', () => this.#onEnded()],
    ['error', () => this.#engine?.explain(wordsOfError(this.#media?.error?.code))],
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
    onnothing: () => {
      this.#lacksSound = true;
      if (this.#wantsToPlay) this.#stopped('failed', STILL_MIXING);
      else this.#stopped('paused', null);
    },
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
    this.#frames.stop();
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
      if (before?.takes.at(-1)?.id !== this.leaf) this.#standsNoMore();
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
    const isAtEnd = this.positionSamples >= this.loadedSamples - END_SLACK_SAMPLES;
    if (this.status === 'ended' && isAtEnd) this.seek(0);
    const opensAgain = this.status === 'failed' || this.#lacksSound;
    this.#wantsToPlay = true;
    this.status = 'loading';
    this.error = null;
    if (this.#engine === null) {
      // iOS lets an element play later only if it was touched within the tap.
      this.#media.load();
      void this.#begin(this.#media);
    } else {
      if (opensAgain) this.#open(path, this.positionSamples);
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
    this.#lacksSound = false;
    this.#engine.open(next, atSamples);
    if (this.playing && this.#engine.isLoading) this.status = 'loading';
    describeSession(path, this);
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
    this.#standsNoMore();
  }

  /** Whoever stood at the end of a path, or could not hear it, can go on with another. */
  #standsNoMore(): void {
    if (this.status !== 'ended' && this.status !== 'failed') return;
    this.status = 'paused';
    this.error = null;
  }

  #enginePath(path: PlayablePath): EnginePath {
    return enginePathOf(path, this.#engine?.mixesRoughly ?? false);
  }

  #start(): void {
    this.#media?.play().catch((error: unknown) => {
      // A new source or a pause ends the promise of the old one, which is no failure; and what is
      // one, the element tells in its own error event.
      if (error instanceof DOMException && error.name === 'NotAllowedError')
        this.#stopped('paused', WAITS_FOR_TAP);
    });
  }

  #onPlaying(): void {
    this.#wantsToPlay = true;
    this.status = 'playing';
    this.error = null;
    this.#frames.start();
  }

  #onPause(): void {
    this.#readPosition();
    this.#frames.stop();
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
    if (this.#engine?.hasMore() === true) this.status = 'loading';
    else this.#stopped('ended', null);
  }

  #stopped(status: PlayerStatus, error: string | null): void {
    this.#wantsToPlay = false;
    this.#frames.stop();
    this.status = status;
    this.error = error;
  }

  #readPosition(): void {
    if (this.#engine !== null) this.positionSamples = this.#engine.positionSamples;
  }
}
