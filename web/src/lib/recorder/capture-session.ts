// One attempt at one take: plays what leads to it, cuts it out of the microphone's stream, ends it.
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { ClockWatch } from '../latency/clock-watch.ts';
import { compensationFrames, type Latency } from '../latency/latency.ts';
import { MOST_NUDGE_MS } from '../latency/nudge.ts';
import { RunningPeaks } from '../player/running-peaks.ts';
import type { CaptureInput } from './capture-input.ts';
import { playLead, type LeadPlan, type Stems } from './lead.ts';
import { TakeBuffer, type CaptureBlock, type Cut } from './take-buffer.ts';

/** A tail shorter than this can hardly be answered: what a take should leave at least. */
const TAIL_GOAL_SAMPLES = SAMPLE_RATE;
/** Between the press of Record and the first frame of the pre-roll, seconds: time to schedule. */
const HEAD_START_SECONDS = 0.12;
/** How long nothing may arrive before a take that was stopped ends as it is, milliseconds. */
const DRAIN_MS = 1_000;

/** What is recorded over, and how late these devices are. */
export interface CapturePlan {
  readonly lead: LeadPlan;
  readonly stems: Stems;
  readonly latency: Latency;
  /** Whether the devices' delay wanders, so that the take is marked. */
  readonly loose: boolean;
}

/** All that was captured of a take. */
export interface Captured {
  /** Mono samples at `rate`: the take, and around it what moving it may need. */
  readonly chunks: readonly Float32Array<ArrayBuffer>[];
  /** The context's. */
  readonly rate: number;
  readonly cut: Cut;
  /** What is known against its timing; undefined if nothing is. */
  readonly timing: TakeTiming | undefined;
}

export interface CaptureEvents {
  /**
   * What was captured last, its margin included, before anything else is done with it: what lies
   * before `marginFrames` leads to the take.
   * @param lostFrames frames of the take so far that the device never delivered: silence here
   */
  readonly onsamples: (samples: Float32Array<ArrayBuffer>, lostFrames: number) => void;
  /** The first sample of the take is here. */
  readonly onpunched: () => void;
  readonly onoutlasts: () => void;
  readonly onlongest: () => void;
  /** After `stop`: everything that was kept. */
  readonly ondone: (captured: Captured) => void;
}

export class CaptureSession {
  readonly #input: CaptureInput;
  readonly #plan: CapturePlan;
  readonly #events: CaptureEvents;
  readonly #buffer: TakeBuffer;
  readonly #clock: ClockWatch;
  readonly #peaks = new RunningPeaks();
  #handedChunks = 0;
  /** Frames of the margin that are not drawn. */
  #undrawnFrames: number;
  /** Where the pre-roll begins to sound, in frames of the context. */
  readonly startFrame: number;
  /** By how much capture is moved to make up for the devices' latency. */
  readonly compensationFrames: number;
  /** How much is kept on either side of the take. */
  readonly marginFrames: number;
  readonly #punchFrame: number;
  readonly #silence: () => void;
  readonly #unlisten: () => void;
  #drain: ReturnType<typeof setTimeout> | null = null;
  #told = { punched: false, outlasts: false, longest: false };
  #over = false;

  /** Starts at once: the pre-roll begins to sound. */
  constructor(input: CaptureInput, plan: CapturePlan, events: CaptureEvents) {
    this.#input = input;
    this.#plan = plan;
    this.#events = events;
    const { lead, stems, latency } = plan;
    this.startFrame = input.frame + this.#frames(HEAD_START_SECONDS * SAMPLE_RATE);
    this.#punchFrame = this.startFrame + this.#frames(lead.preRollSamples);
    const alone = lead.clips.length === 0;
    this.compensationFrames = compensationFrames(latency, this.#rate, alone);
    // A seed is in time with nothing, so it is never moved.
    this.marginFrames = alone ? 0 : this.#frames((MOST_NUDGE_MS / 1_000) * SAMPLE_RATE);
    this.#undrawnFrames = this.marginFrames;
    this.#buffer = new TakeBuffer(this.#punchFrame + this.compensationFrames, this.marginFrames);
    this.#clock = new ClockWatch(this.#rate);
    const { startFrame } = this;
    this.#silence = playLead(input.context, {
      plan: lead,
      stems,
      startFrame,
      output: input.output,
    });
    this.#unlisten = input.listen((block) => this.#push(block));
  }

  /** Samples of the take so far, at 48 kHz. */
  get samples(): number {
    return Math.round((this.#buffer.length * SAMPLE_RATE) / this.#rate);
  }

  /** The waveform so far: signed 8-bit min/max pairs, 100 a second. */
  get peaks(): Int8Array<ArrayBuffer> {
    return this.#peaks.pairs;
  }

  /** Whether the take is marked as loose: what is recorded over nothing is in time with nothing. */
  get loose(): boolean {
    return this.#plan.loose && this.marginFrames > 0;
  }

  /** Until what is heard reaches the punch point, seconds; 0 after it. */
  get countdownSeconds(): number {
    const { roundTripMs, inputMs } = this.#plan.latency;
    const frames = this.#punchFrame - this.#input.frame;
    return Math.max(0, frames / this.#rate + (roundTripMs - inputMs) / 1_000);
  }

  /** Until the take leaves a tail, in samples; 0 from then on. */
  get missingSamples(): number {
    return Math.max(0, this.#plan.lead.tailSamples + TAIL_GOAL_SAMPLES - this.samples);
  }

  /** Ends the take with what is sounding now; its last samples are waited for. */
  stop(): void {
    if (this.#over || this.#drain !== null) return;
    this.#silence();
    // What was on its way when the longest take was reached is not part of it.
    const longest = this.#punchFrame + this.#frames(MAX_TAKE_SECONDS * SAMPLE_RATE);
    this.#buffer.endAt(Math.min(this.#input.frame, longest) + this.compensationFrames);
    this.#handedChunks = this.#buffer.chunks.length;
    this.#await();
  }

  /** Ends it and keeps nothing. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    if (this.#drain !== null) clearTimeout(this.#drain);
    else this.#silence();
  }

  #push(block: CaptureBlock): void {
    this.#clock.push(block.frame + block.samples.length, performance.now());
    this.#buffer.push(block);
    this.#hand();
    if (this.#drain !== null) return this.#await();
    this.#tell('punched', this.#buffer.length > 0, this.#events.onpunched);
    this.#tell('outlasts', this.missingSamples === 0, this.#events.onoutlasts);
    const longest = MAX_TAKE_SECONDS * SAMPLE_RATE;
    this.#tell('longest', this.samples >= longest, this.#events.onlongest);
  }

  /** Waits for the last samples as long as the device goes on delivering. */
  #await(): void {
    if (this.#drain !== null) clearTimeout(this.#drain);
    this.#drain = setTimeout(() => this.#finish(), DRAIN_MS);
    if (this.#buffer.complete) this.#finish();
  }

  /** Hands on what is new: to whoever keeps it, then to the waveform. */
  #hand(): void {
    for (const chunk of this.#buffer.chunks.slice(this.#handedChunks)) {
      this.#events.onsamples(chunk, this.#buffer.missing);
      const skipped = Math.min(chunk.length, this.#undrawnFrames);
      this.#undrawnFrames -= skipped;
      this.#peaks.push(chunk.subarray(skipped));
    }
    this.#handedChunks = this.#buffer.chunks.length;
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#unlisten();
    if (this.#drain !== null) clearTimeout(this.#drain);
    const { chunks, cut } = this.#buffer;
    this.#events.ondone({ chunks, rate: this.#rate, cut, timing: this.#timing });
  }

  get #timing(): TakeTiming | undefined {
    const skippedMs = Math.ceil((this.#buffer.missing * 1_000) / this.#rate);
    const { driftMs } = this.#clock;
    const timing: TakeTiming = {
      ...(this.loose && { loose: true as const }),
      ...(skippedMs > 0 && { skippedMs }),
      ...(driftMs !== 0 && { driftMs }),
    };
    return Object.keys(timing).length === 0 ? undefined : timing;
  }

  #tell(what: 'punched' | 'outlasts' | 'longest', now: boolean, event: () => void): void {
    if (!now || this.#told[what]) return;
    this.#told[what] = true;
    event();
  }

  get #rate(): number {
    return this.#input.context.sampleRate;
  }

  #frames(samples: number): number {
    return Math.round((samples * this.#rate) / SAMPLE_RATE);
  }
}
