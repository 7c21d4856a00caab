// Feeds a path to the audio element by segments: another branch can take its place as it plays.
import { GRID_SAMPLES, segmentAt, segmentStart } from '#domain/timeline/grid.ts';
import { codecMime, type Codec } from '#domain/timeline/path-packs.ts';
import { samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';
import { Refused } from '../../upload/api.ts';
import type { Engine, EnginePath, EngineReports } from '../engine.ts';
import { HAVE_METADATA, type MediaEvent, type MediaPort } from '../media-port.ts';
import { MISSING, UNPLAYABLE } from '../player-words.ts';
import { Choice } from './choice.ts';
import { forkOf, type FeedPath } from './feed-path.ts';
import { BOUNDS, halved, isMissing, LEAST, nextStep, onGrid, type FeedState } from './feed-plan.ts';
import { LaidBuffer } from './laid-buffer.ts';
import { LikelyBranches } from './likely-branches.ts';
import { Nudges } from './nudges.ts';
import { mixesRoughly } from './rough-mixer.ts';
import { SoundMissing } from './stored-object.ts';
import { Supply, type Batch } from './supply.ts';
import { CALM_SAMPLES, DECODED_SAMPLES, turnOf } from './turn.ts';
const NUDGES: readonly MediaEvent[] = ['timeupdate', 'seeking', 'playing'];

export class FeedEngine implements Engine {
  readonly mixesRoughly = mixesRoughly();
  readonly #media: MediaPort;
  readonly #reports: EngineReports;
  readonly #codec: Codec;
  readonly #supply: Supply;
  readonly #likely: LikelyBranches;
  #opening: Promise<LaidBuffer> | null = null;
  #buffer: LaidBuffer | null = null;
  #path: FeedPath | null = null;
  #wanted: EnginePath | null = null;
  #bounds = BOUNDS;
  #keepBefore = 0;
  /** Another branch was left, and may still be held. */
  #hasLeft = false;
  /** Where to go once the element has a length, samples; null when it is there. */
  #pending: number | null = null;
  /** Where to go on the path that was asked for last, until it is known; null: stay where one is. */
  #asked: number | null = null;
  /** Ends asking for the path that is wanted. */
  #asking = new AbortController();
  /** Ends feeding the path that is heard. */
  #feeding = new AbortController();
  readonly #nudges = new Nudges();
  /** Playing is to go on once there is more than what was played to its end. */
  #goesOn = false;
  #choice: Choice | null = null;
  #lacking: FeedState['lacking'] = null;
  readonly explain = (words: string): void => this.#reports.onfailed(words);
  readonly #onMetadata = (): void => {
    const at = this.#pending;
    this.#pending = null;
    if (at !== null && at > 0) this.#media.currentTime = samplesToSeconds(at);
  };

  constructor(media: MediaPort, reports: EngineReports, { codec }: { codec: Codec }) {
    this.#media = media;
    this.#reports = reports;
    this.#codec = codec;
    const ondropped = (dropped: boolean): Promise<void> => this.#drop(dropped);
    this.#supply = new Supply({ codec, rough: this.mixesRoughly, ondropped });
    this.#likely = new LikelyBranches(this.#supply);
    for (const event of NUDGES) media.addEventListener(event, this.#nudges.nudge);
    media.addEventListener('loadedmetadata', this.#onMetadata);
  }

  get isLoading(): boolean {
    return this.#buffer === null;
  }

  get positionSamples(): number {
    return this.#asked ?? this.#pending ?? secondsToSamples(this.#media.currentTime);
  }

  open(path: EnginePath, atSamples: number | null): void {
    this.#asking.abort();
    this.#asking = new AbortController();
    // Whoever stays where they are hears the path before, until this one is known.
    if (atSamples !== null) this.#feeding.abort();
    if (this.#wanted !== null && this.#wanted.leaf !== path.leaf) this.#hasLeft = true;
    this.#choice = new Choice(path, { before: this.#wanted, unheard: this.#choice });
    this.#wanted = path;
    // Whoever hears nothing yet is where they ask to be; the others stay until the path is known.
    if (this.#buffer === null && atSamples !== null) this.#pending = atSamples;
    this.#asked = atSamples;
    void this.#run(path, this.#asking.signal);
  }

  seek(samples: number): void {
    this.#keepBefore = 0;
    // A place on a path that is still to come: it is gone to once that is here.
    if (this.#choice?.index === null) this.#asked = samples;
    const at = Math.min(samples, this.#path?.endSamples ?? samples);
    if (this.#buffer === null || this.#media.readyState < HAVE_METADATA) this.#pending = at;
    else this.#media.currentTime = samplesToSeconds(at);
    this.#nudges.nudge();
  }

  hasMore(): boolean {
    this.#goesOn = this.#isComing();
    this.#nudges.nudge();
    return this.#goesOn;
  }

  prefetch(paths: readonly EnginePath[]): void {
    this.#likely.offer(paths);
    this.#nudges.nudge();
  }

  close(): void {
    this.#asking.abort();
    this.#feeding.abort();
    for (const event of NUDGES) this.#media.removeEventListener(event, this.#nudges.nudge);
    this.#media.removeEventListener('loadedmetadata', this.#onMetadata);
    this.#letGo();
  }

  async #run(wanted: EnginePath, asking: AbortSignal): Promise<void> {
    try {
      const path = this.#supply.peek(wanted) ?? (await this.#supply.path(wanted, asking));
      if (this.#media.error !== null) this.#letGo();
      await this.#source();
      asking.throwIfAborted();
      this.#feeding.abort();
      this.#feeding = new AbortController();
      this.#adopt(path);
      await this.#feed(wanted, this.#feeding.signal);
    } catch (error) {
      if (!asking.aborted) this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#feeding.abort();
    if (error instanceof Refused && error.problem.code === 'conflict') {
      this.#nothing();
      return;
    }
    console.warn(error);
    const words = error instanceof SoundMissing ? MISSING : UNPLAYABLE;
    this.#reports.onfailed(error instanceof Refused ? error.message : words);
  }

  #nothing(): void {
    this.#goesOn = false;
    this.#media.pause();
    this.#reports.onnothing();
  }

  /** The element has a source of ours after this, unless it was let go of meanwhile. */
  async #source(): Promise<void> {
    if (this.#buffer !== null) return;
    this.#pending ??= this.positionSamples;
    const mime = codecMime[this.#codec];
    const opening = (this.#opening ??= LaidBuffer.open(this.#media, mime, this.#nudges.nudge));
    const buffer = await opening;
    if (this.#opening !== opening || this.#buffer === buffer) return;
    this.#buffer = buffer;
    this.#reports.onsource();
  }

  #letGo(): void {
    this.#buffer = null;
    this.#opening = null;
    this.#path = null;
  }

  /** Goes over to a path: what it shares with the one before stays, what is about to sound too. */
  #adopt(path: FeedPath): void {
    const before = this.#path;
    const atSamples = this.#asked;
    this.#path = path;
    this.#lacking = null;
    this.#reports.onlength(path.endSamples);
    this.#reports.onrough(path.roughFromSamples);
    const fork = before === null ? 0 : forkOf(before, path);
    const position = atSamples ?? this.positionSamples;
    const isSame = fork === before?.segments.length && fork === path.segments.length;
    if (before === null || atSamples !== null) this.seek(position);
    else if (!isSame) this.#turn(fork, position);
    this.#asked = null;
    const first = segmentAt(Math.max(position, this.#keepBefore));
    if (this.#choice !== null) this.#choice.index ??= Math.max(fork, first);
  }

  /** Where the paths have parted already, the new one is heard as soon as that is possible. */
  #turn(fork: number, position: number): void {
    const marginSamples = this.#choice?.isUrgent === true ? DECODED_SAMPLES : CALM_SAMPLES;
    const [held, keptBefore] = [this.#buffer?.held ?? [], this.#keepBefore];
    const turn = { position, forkSamples: segmentStart(fork), marginSamples, keptBefore };
    this.#keepBefore = this.#media.paused ? 0 : turnOf(held, turn);
  }

  async #feed(wanted: EnginePath, signal: AbortSignal): Promise<void> {
    for (;;) {
      const [buffer, path] = [this.#buffer, this.#path];
      if (buffer === null || path === null) return;
      if (path.segments.length === 0) break;
      const state = this.#state(buffer, path);
      this.#settle(state);
      this.#goOn();
      const step = nextStep(state);
      switch (step.do) {
        case 'lay':
          await this.#lay(wanted, { ...step, fromSamples: this.#keepBefore }, signal);
          break;
        case 'remove':
          await buffer.remove(step, signal);
          break;
        case 'length':
          await buffer.setLength(path.endSamples, signal);
          break;
        case 'end':
          await buffer.end(signal);
          break;
        case 'give-up':
          throw new SoundMissing('what comes next is not to be had');
        case 'wait':
          void this.#likely.load(
            path,
            () => onGrid(this.positionSamples + DECODED_SAMPLES),
            signal,
          );
          await this.#nudges.next(signal);
      }
    }
    this.#nothing();
  }

  #state(buffer: LaidBuffer, path: FeedPath): FeedState {
    return {
      segments: path.segments,
      endSamples: path.endSamples,
      laid: buffer.laid,
      held: buffer.held,
      positionSamples: this.positionSamples,
      keepBefore: this.#keepBefore,
      bounds: buffer.isSated ? LEAST : this.#bounds,
      lengthSamples: buffer.lengthSamples,
      ended: buffer.ended,
      dropsStale: this.#supply.isDropped && this.#hasLeft,
      lacking: this.#lacking,
    };
  }

  async #lay(wanted: EnginePath, batch: Batch, signal: AbortSignal): Promise<void> {
    if (this.#path === null) return;
    try {
      const layers = await this.#supply.layers(this.#path, { wanted, batch }, signal);
      if (layers === null && this.#wanted !== wanted) await this.#nudges.next(signal);
      else if (layers === null) this.#adopt(await this.#supply.path(wanted, signal));
      for (const layer of layers ?? []) await this.#buffer?.lay(layer, signal);
      this.#lacking = null;
    } catch (error) {
      if (error instanceof SoundMissing)
        this.#lacking = { index: batch.index, lackedAtSamples: this.positionSamples };
      else if (!(error instanceof DOMException) || error.name !== 'QuotaExceededError') throw error;
      else {
        this.#bounds = halved(this.#bounds);
        await this.#nudges.next(signal);
      }
    }
  }

  async #drop(dropped: boolean): Promise<void> {
    this.#reports.ondropped(dropped);
    // The branch that was left does not play on in the other's place while that does not come.
    if (!dropped || this.#buffer === null || this.#path === null) return;
    const step = nextStep(this.#state(this.#buffer, this.#path));
    if (step.do === 'remove') await this.#buffer.remove(step, this.#feeding.signal);
  }

  #isComing(): boolean {
    const end = this.#path?.endSamples ?? 0;
    return this.#choice !== null || end > this.positionSamples + GRID_SAMPLES;
  }

  /** Whoever waits at the end of what was played goes on, or learns that it was the end. */
  #goOn(): void {
    if (!this.#goesOn) return;
    if (!this.#media.ended) this.#reports.onsource();
    else if (!this.#isComing()) this.#reports.onend();
    else return;
    this.#goesOn = false;
  }

  /** Once a chosen path is held where it is needed first, the choice is done. */
  #settle(state: FeedState): void {
    const choice = this.#choice;
    if (choice === null || choice.index === null) return;
    const isFarAhead = segmentStart(choice.index) > state.positionSamples + BOUNDS.aheadSamples;
    if (isMissing(state, choice.index) && !isFarAhead) return;
    this.#choice = null;
    choice.measure();
    // What is decoded already is of the path before; a seek to where one is empties it.
    if (this.#media.paused && this.#pending === null && this.#media.currentTime > 0)
      this.#media.currentTime = samplesToSeconds(this.positionSamples);
  }
}
