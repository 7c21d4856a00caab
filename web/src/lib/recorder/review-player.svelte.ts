// Listening to a take before it is published: alone, or over the tail that it answers, which can be
// muted while it sounds. One transport: play, pause, seek, and an end at which it stands again.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { loadStems, playLead, type LeadPlan, type Stems } from './lead.ts';
import type { Trim } from './take-edit.ts';

export type ReviewMode = 'alone' | 'duet';

/** What is listened to: a recording, and the part of it that is kept. */
export interface Heard {
  readonly buffer: AudioBuffer;
  readonly trim: Trim;
}

/** Time between scheduling and the first frame, seconds. */
const HEAD_START_SECONDS = 0.08;
/** How long muting takes, seconds: no click. */
const MUTE_SECONDS = 0.01;

export class ReviewPlayer {
  playing = $state(false);
  mode = $state<ReviewMode>('alone');
  /** Whether the parent is silent in a duet. */
  muted = $state(false);
  /** Where it stands, in samples of the whole recording. */
  positionSamples = $state(0);
  error = $state<string | null>(null);
  readonly #plan: LeadPlan;
  /** Number of the latest command: a start that was overtaken while it loaded sounds nothing. */
  #epoch = 0;
  #silence: () => void = () => {};
  #context: AudioContext | null = null;
  #parent: GainNode | null = null;
  #stems: Stems | null = null;
  #loading = new AbortController();

  constructor(plan: LeadPlan) {
    this.#plan = plan;
  }

  /** Whether there is anything beside the take to listen to. */
  get hasParent(): boolean {
    return this.#plan.clips.length > 0;
  }

  /** Plays from where it stands; from the beginning if it stands outside what is kept. */
  async play(heard: Heard): Promise<void> {
    const epoch = this.#begin();
    this.playing = true;
    this.error = null;
    try {
      const context = (this.#context ??= new AudioContext());
      await context.resume();
      if (this.mode === 'duet')
        this.#stems ??= await loadStems(context, this.#plan, this.#loading.signal);
      if (epoch === this.#epoch) this.#start(context, heard);
    } catch (error) {
      if (epoch !== this.#epoch) return;
      this.playing = false;
      this.error =
        'We could not load the take that yours answers. Listen to yours alone, or try again.';
      console.warn(error);
    }
  }

  /** Stops, and stays where it is. */
  pause(): void {
    this.#begin();
  }

  /** Stops, and stands at the beginning. */
  rewind(): void {
    this.#begin();
    this.positionSamples = 0;
  }

  async toggle(heard: Heard): Promise<void> {
    if (this.playing) this.pause();
    else await this.play(heard);
  }

  /** Listens in another way, from the same place if it is playing. */
  async listenTo(mode: ReviewMode, heard: Heard): Promise<void> {
    const { playing } = this;
    this.pause();
    this.mode = mode;
    if (playing) await this.play(heard);
  }

  /** Goes to a place, and on from there if it is playing. */
  async seek(positionSamples: number, heard: Heard): Promise<void> {
    const { playing } = this;
    this.pause();
    this.positionSamples = Math.max(0, Math.min(heard.trim.toSamples, positionSamples));
    if (playing) await this.play(heard);
  }

  /** Silences the parent or lets it be heard again, without a break. */
  mute(muted: boolean): void {
    this.muted = muted;
    const now = this.#context?.currentTime ?? 0;
    this.#parent?.gain.setTargetAtTime(muted ? 0 : 1, now, MUTE_SECONDS);
  }

  async close(): Promise<void> {
    this.#begin();
    this.#loading.abort();
    const context = this.#context;
    this.#context = null;
    await context?.close();
  }

  /** Ends whatever sounds, or was about to; returns the number of what follows. */
  #begin(): number {
    this.#silence();
    this.#silence = () => {};
    this.playing = false;
    return ++this.#epoch;
  }

  #start(context: AudioContext, { buffer, trim }: Heard): void {
    const duet = this.mode === 'duet' && this.#stems !== null;
    // Over a parent the silence before a trimmed start is part of the take.
    const first = duet ? 0 : trim.fromSamples;
    const inside = this.positionSamples >= first && this.positionSamples < trim.toSamples;
    const from = inside ? this.positionSamples : first;
    const startFrame = Math.round((context.currentTime + HEAD_START_SECONDS) * context.sampleRate);
    const startSeconds = startFrame / context.sampleRate;
    const lead = duet ? this.#lead(context, startFrame, from) : () => {};

    const begins = Math.max(from, trim.fromSamples);
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start(
      startSeconds + (begins - from) / SAMPLE_RATE,
      begins / SAMPLE_RATE,
      (trim.toSamples - begins) / SAMPLE_RATE,
    );
    const heardSamples = (): number =>
      from + Math.max(0, context.currentTime - startSeconds) * SAMPLE_RATE;
    let frame = requestAnimationFrame(function next() {
      frame = requestAnimationFrame(next);
      show();
    });
    const show = (): void => {
      this.positionSamples = Math.min(trim.toSamples, heardSamples());
    };
    this.#silence = () => {
      cancelAnimationFrame(frame);
      lead();
      source.disconnect();
    };
    source.addEventListener('ended', () => {
      // A source that was disconnected ends, too, and then something else may be playing.
      if (this.#epoch !== epoch) return;
      this.rewind();
    });
    const epoch = this.#epoch;
  }

  /** Lets the parent sound from a place of the take on. */
  #lead(context: AudioContext, startFrame: number, from: number): () => void {
    const stems = this.#stems;
    if (stems === null) return () => {};
    const output = new GainNode(context, { gain: this.muted ? 0 : 1 });
    output.connect(context.destination);
    this.#parent = output;
    const fromSamples = this.#plan.preRollSamples + Math.round(from);
    const silence = playLead(context, { plan: this.#plan, stems, startFrame, fromSamples, output });
    return () => {
      silence();
      output.disconnect();
    };
  }
}
