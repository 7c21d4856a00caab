// How somebody listens: how fast, without the silences, until when, and where they were.
import type { ListeningPosition, PathSilences } from '#domain/protocol/listening.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { hasBegun, isOver } from '#domain/timeline/place.ts';
import { SAMPLE_RATE, msToSamples } from '#domain/timeline/samples.ts';
import { listenToSystemKeys, showPlace } from '../player/media-session.ts';
import type { PlayablePath } from '../player/playable.ts';
import type { Player } from '../player/player.svelte.ts';
import type { Habits } from './habits.ts';
import type { Places } from './places.ts';
import { afterQuiet, quietStretches, type Stretch } from './quiet.ts';
import { fadeAt, nextSpeed, remainingSamples, rewindSamples } from './rules.ts';

/** When the sound goes to sleep. */
export type Sleep = 'never' | 'take' | 'branch' | 'minutes';

/** The part of an audio element that decides how it sounds. */
export interface Speaker {
  playbackRate: number;
  defaultPlaybackRate: number;
  preservesPitch?: boolean;
  volume: number;
}

export interface ListeningSettings {
  readonly player: Player;
  readonly places: Places;
  readonly habits: Habits;
  /** The silences of a path; null if they cannot be had now. */
  readonly silencesOf: (leaf: TakeId) => Promise<PathSilences | null>;
  readonly now?: () => number;
}

export const SLEEP_MINUTES = 15;
/** A place is kept this often while it plays, ms. */
const KEEP_EVERY_MS = 15_000;
/** Silences that could not be had are asked for again after so long, ms. */
const ASK_AGAIN_MS = 15_000;
/** Within this of its start, "previous" means the take before. */
const RESTART_SAMPLES = 3 * SAMPLE_RATE;

export class Listening {
  speed = $state(1);
  skipsSilence = $state(false);
  sleep = $state<Sleep>('never');
  /** Where the person was when they came; null once they listen, or if there is nothing to go on with. */
  offered = $state.raw<ListeningPosition | null>(null);

  readonly #settings: ListeningSettings;
  readonly #now: () => number;
  #speaker: Speaker | null = null;
  #quiet: readonly Stretch[] = [];
  /** What `#quiet` was made of, see `quietKey`. */
  #quietOf: string | null = null;
  #quietNotBeforeMs = 0;
  /** Where a take or a branch ends, in samples, or when it is time, ms: by `sleep`. */
  #sleepAt = Infinity;
  #sleepTake: TakeId | null = null;
  #pausedMs: number | null = null;
  #keptMs = 0;
  /** When the place was where it is, ms. */
  #heardMs = 0;
  #wasPlaying = false;
  #shownSecond = -1;

  constructor(settings: ListeningSettings) {
    this.#settings = settings;
    this.#now = settings.now ?? Date.now;
  }

  /** Takes over how an element sounds. Returns what ends that, and keeps the place. */
  start(speaker: Speaker): () => void {
    this.#speaker = speaker;
    listenToSystemKeys({ step: (way) => this.step(way), jump: (samples) => this.jump(samples) });
    const { speed, skipsSilence } = this.#settings.habits.read();
    this.skipsSilence = skipsSilence;
    this.#setSpeed(speed);
    void this.#offer();
    return () => {
      this.leave();
      this.#speaker = null;
    };
  }

  /** How long it takes to hear the rest, at this speed, in samples. */
  get remainingSamples(): number {
    const { player } = this.#settings;
    return remainingSamples(player.durationSamples, player.positionSamples, this.speed);
  }

  /** Plays, a little earlier after a long pause, or pauses. */
  toggle(): void {
    const { player } = this.#settings;
    if (!player.playing && this.#pausedMs !== null && player.status === 'paused') {
      const back = rewindSamples(this.#now() - this.#pausedMs);
      if (back > 0) player.seek(player.positionSamples - back);
    }
    player.toggle();
  }

  faster(): void {
    this.chooseSpeed(nextSpeed(this.speed, 'faster'));
  }

  slower(): void {
    this.chooseSpeed(nextSpeed(this.speed, 'slower'));
  }

  chooseSpeed(speed: number): void {
    this.#setSpeed(speed);
    this.#remember();
  }

  skipSilence(skips: boolean): void {
    this.skipsSilence = skips;
    this.#remember();
  }

  /** Sleeps at the end of the take that plays, or of this branch as it is, or after some minutes. */
  sleepAfter(sleep: Sleep): void {
    const { player } = this.#settings;
    this.sleep = sleep;
    this.#sleepTake = player.takeId;
    this.#sleepAt = {
      never: Infinity,
      take: Infinity,
      branch: player.durationSamples,
      minutes: this.#now() + SLEEP_MINUTES * 60_000,
    }[sleep];
    this.#setVolume(1);
  }

  /** Goes to the next take of the path, or to the start of this one, or of the one before. */
  step(way: 'next' | 'previous'): void {
    const { player } = this.#settings;
    const starts = (player.path?.takes ?? []).map(({ startSamples }) => startSamples);
    const at = player.positionSamples;
    const to =
      way === 'next'
        ? starts.find((start) => start > at)
        : (starts.findLast((start) => start < at - RESTART_SAMPLES) ?? 0);
    if (to !== undefined) player.seek(to);
  }

  jump(samples: number): void {
    const { player } = this.#settings;
    player.seek(player.positionSamples + samples);
  }

  /** Call it whenever the place or the state of the player changes. */
  moved(): void {
    const { player } = this.#settings;
    const plays = player.status === 'playing';
    if (plays !== this.#wasPlaying) this.#turned(plays);
    // What it was to sleep after is over.
    if (player.status === 'ended' && (this.sleep === 'take' || this.sleep === 'branch'))
      this.sleepAfter('never');
    if (!plays) return;
    this.#heardMs = this.#now();
    this.#showPlace();
    if (this.skipsSilence) this.#skip();
    this.#goToSleep();
    if (this.#now() - this.#keptMs >= KEEP_EVERY_MS) this.#keep();
  }

  /** The page may be gone in a moment. */
  leave(): void {
    if (this.#wasPlaying) this.#keep();
  }

  async #offer(): Promise<void> {
    const place = await this.#settings.places.read();
    const begun = place !== null && hasBegun(place.positionSamples);
    if (begun && !this.#wasPlaying) this.offered = place;
  }

  #turned(plays: boolean): void {
    this.#wasPlaying = plays;
    this.#pausedMs = plays ? null : this.#now();
    if (plays) {
      this.offered = null;
      void this.#loadQuiet();
      // A new source has the speed that an element begins with.
      this.#setSpeed(this.speed);
    } else {
      this.#keep();
    }
  }

  /** Once for every second that is heard. */
  #showPlace(): void {
    const { durationSamples, positionSamples } = this.#settings.player;
    const second = Math.floor(positionSamples / SAMPLE_RATE);
    if (second === this.#shownSecond) return;
    this.#shownSecond = second;
    showPlace({ durationSamples, positionSamples, speed: this.speed });
  }

  #skip(): void {
    const { player } = this.#settings;
    if (player.path !== null && this.#quietOf !== quietKey(player.path)) {
      void this.#loadQuiet();
      return;
    }
    const to = afterQuiet(this.#quiet, player.positionSamples);
    if (to !== null) player.seek(to);
  }

  async #loadQuiet(): Promise<void> {
    const { path, leaf } = this.#settings.player;
    if (!this.skipsSilence || path === null || leaf === null) return;
    const key = quietKey(path);
    if (this.#quietOf === key || this.#now() < this.#quietNotBeforeMs) return;
    this.#quietOf = key;
    this.#quiet = [];
    const silences = await this.#settings.silencesOf(leaf);
    if (this.#quietOf !== key) return;
    if (silences === null) {
      this.#quietOf = null;
      this.#quietNotBeforeMs = this.#now() + ASK_AGAIN_MS;
    } else {
      this.#quiet = quietStretches(path, silences);
    }
  }

  #goToSleep(): void {
    if (this.sleep === 'never') return;
    const { player } = this.#settings;
    const at = player.positionSamples;
    const end = this.#sleepsAt(at);
    this.#setVolume(fadeAt(at, end));
    if (at < end) return;
    player.pause();
    this.sleepAfter('never');
  }

  /** Where it goes to sleep, in samples of the path; Infinity while nobody knows. */
  #sleepsAt(position: number): number {
    if (this.sleep === 'minutes')
      return position + msToSamples(this.#sleepAt - this.#now()) * this.speed;
    // A take that is not measured yet ends nowhere; one that is left with its branch, where it did.
    const take = this.#settings.player.path?.takes.find(({ id }) => id === this.#sleepTake);
    if (this.sleep === 'take' && take !== undefined && take.durationSamples !== null)
      this.#sleepAt = take.startSamples + take.durationSamples;
    return this.#sleepAt;
  }

  #keep(): void {
    const { player, places } = this.#settings;
    const { leaf } = player;
    if (leaf === null) return;
    this.#keptMs = this.#now();
    const isDone = isOver(player.positionSamples, player.durationSamples);
    const positionSamples = isDone ? 0 : Math.round(player.positionSamples);
    places.keep({ leafId: leaf, positionSamples, heardAtMs: this.#heardMs });
  }

  #setSpeed(speed: number): void {
    this.speed = speed;
    const speaker = this.#speaker;
    if (speaker === null) return;
    speaker.preservesPitch = true;
    speaker.defaultPlaybackRate = speed;
    speaker.playbackRate = speed;
  }

  #setVolume(volume: number): void {
    if (this.#speaker !== null) this.#speaker.volume = volume;
  }

  #remember(): void {
    this.#settings.habits.keep({ speed: this.speed, skipsSilence: this.skipsSilence });
  }
}

/** Another one whenever the silences of a path may be: of which leaf, measured and heard how far. */
function quietKey({ takes }: PlayablePath): string {
  const [ready, silent] = [takes.filter((take) => take.ready), takes.filter((take) => take.silent)];
  return [takes.at(-1)?.id, ready.length, silent.length].join(' ');
}
