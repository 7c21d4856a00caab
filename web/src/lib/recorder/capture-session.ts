// One attempt at one take: plays what leads to it, cuts it out of the microphone's stream, ends it.
import { MAX_TAKE_SECONDS } from '#domain/protocol/commands.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { RunningPeaks } from '../player/running-peaks.ts';
import { playLead, type LeadPlan, type Stems } from './lead.ts';
import type { Microphone } from './microphone.ts';
import { TakeBuffer, type CaptureBlock } from './take-buffer.ts';

/** A tail shorter than this can hardly be answered: what a take should leave at least. */
const TAIL_GOAL_SAMPLES = SAMPLE_RATE;
/** Between the press of Record and the first frame of the pre-roll, seconds: time to schedule. */
const HEAD_START_SECONDS = 0.12;
/** How long the last samples may take to arrive after a stop, milliseconds. */
const DRAIN_MS = 1_000;

export interface CaptureEvents {
  /** The next samples of the take, before anything else is done with them. */
  readonly onsamples: (samples: Float32Array, lostFrames: number) => void;
  /** The first sample of the take is here. */
  readonly onpunched: () => void;
  readonly onoutlasts: () => void;
  readonly onlongest: () => void;
  /** After `stop`: everything that was kept, at the context's rate. */
  readonly ondone: (chunks: readonly Float32Array<ArrayBuffer>[], missingFrames: number) => void;
}

export class CaptureSession {
  readonly #microphone: Microphone;
  readonly #plan: LeadPlan;
  readonly #events: CaptureEvents;
  readonly #buffer: TakeBuffer;
  readonly #peaks = new RunningPeaks();
  #drawnChunks = 0;
  readonly #punchFrame: number;
  readonly #compensationFrames: number;
  readonly #silence: () => void;
  #drain: ReturnType<typeof setTimeout> | null = null;
  #told = { punched: false, outlasts: false, longest: false };
  #over = false;

  /** Starts at once: the pre-roll begins to sound. */
  constructor(microphone: Microphone, plan: LeadPlan, stems: Stems, events: CaptureEvents) {
    this.#microphone = microphone;
    this.#plan = plan;
    this.#events = events;
    const startFrame = microphone.frame + this.#frames(HEAD_START_SECONDS * SAMPLE_RATE);
    this.#punchFrame = startFrame + this.#frames(plan.preRollSamples);
    // Who sings along hears late and is heard late. With nothing to sing to, only the latter.
    const alone = plan.clips.length === 0;
    this.#compensationFrames =
      microphone.inputLatencyFrames + (alone ? 0 : microphone.outputLatencyFrames);
    this.#buffer = new TakeBuffer(this.#punchFrame + this.#compensationFrames);
    this.#silence = playLead(microphone.context, { plan, stems, startFrame });
  }

  /** By how many frames capture is moved to make up for the device's latency. */
  get compensationFrames(): number {
    return this.#compensationFrames;
  }

  /** Samples of the take so far, at 48 kHz. */
  get samples(): number {
    return Math.round((this.#buffer.length * SAMPLE_RATE) / this.#rate);
  }

  /** The waveform so far: signed 8-bit min/max pairs, 100 a second. */
  get peaks(): Int8Array<ArrayBuffer> {
    return this.#peaks.pairs;
  }

  /** Until what is heard reaches the punch point, seconds; 0 after it. */
  get countdownSeconds(): number {
    const frames = this.#punchFrame + this.#microphone.outputLatencyFrames - this.#microphone.frame;
    return Math.max(0, frames / this.#rate);
  }

  /** Until the take leaves a tail, in samples; 0 from then on. */
  get missingSamples(): number {
    return Math.max(0, this.#plan.tailSamples + TAIL_GOAL_SAMPLES - this.samples);
  }

  /** Takes in what the microphone sends. */
  push(block: CaptureBlock): void {
    if (this.#over) return;
    this.#buffer.push(block);
    const added = this.#buffer.chunks.slice(this.#drawnChunks);
    for (const chunk of added) this.#events.onsamples(chunk, this.#buffer.missing);
    for (const chunk of added) this.#peaks.push(chunk);
    this.#drawnChunks = this.#buffer.chunks.length;
    if (this.#drain !== null && this.#buffer.complete) {
      this.#finish();
      return;
    }
    this.#tell('punched', this.#buffer.length > 0, this.#events.onpunched);
    this.#tell('outlasts', this.missingSamples === 0, this.#events.onoutlasts);
    const longest = MAX_TAKE_SECONDS * SAMPLE_RATE;
    this.#tell('longest', this.samples >= longest, this.#events.onlongest);
  }

  /** Ends the take with what is sounding now; its last samples are waited for. */
  stop(): void {
    if (this.#over || this.#drain !== null) return;
    this.#silence();
    this.#buffer.endAt(this.#microphone.frame + this.#compensationFrames);
    this.#drain = setTimeout(() => this.#finish(), DRAIN_MS);
    if (this.#buffer.complete) this.#finish();
  }

  /** Ends it and keeps nothing. */
  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#drain !== null) clearTimeout(this.#drain);
    else this.#silence();
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#drain !== null) clearTimeout(this.#drain);
    this.#events.ondone(this.#buffer.chunks, this.#buffer.missing);
  }

  #tell(what: 'punched' | 'outlasts' | 'longest', now: boolean, event: () => void): void {
    if (!now || this.#told[what]) return;
    this.#told[what] = true;
    event();
  }

  get #rate(): number {
    return this.#microphone.context.sampleRate;
  }

  #frames(samples: number): number {
    return Math.round((samples * this.#rate) / SAMPLE_RATE);
  }
}
