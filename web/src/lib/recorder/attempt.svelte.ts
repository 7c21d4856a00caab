// One attempt at a take, as the page shows it: the count, the clock, the waveform, what went wrong.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import {
  CaptureSession,
  type Captured,
  type CaptureEvents,
  type CapturePlan,
} from './capture-session.ts';
import { playClicks } from './count-clicks.ts';
import type { Microphone } from './microphone.ts';
import { clicksWanted, rememberClicks } from './recorder-habits.ts';
import type { Capturing } from './take-facts.ts';
import type { TakeWriter } from './take-keeper.ts';
import { within } from './within.ts';

const NO_PEAKS = new Int8Array(0);
/** Values of the waveform that arrive before it is drawn again: a tenth of a second. */
const REDRAW_VALUES = 20;
/** How long a device may take to keep the last samples, milliseconds: some hang for good. */
const FINISH_MS = 3_000;

/** What is recorded over and how late the devices are, and where it is kept. */
export interface AttemptPlan extends CapturePlan {
  /** Begins to keep what is captured, as the devices capture it. */
  readonly keep: (capturing: Capturing) => TakeWriter;
}

export interface AttemptEvents extends Omit<CaptureEvents, 'ondone' | 'onsamples'> {
  /** All that was captured is here, and kept; `flaws` say what was not as it should be. */
  readonly oncaptured: (captured: Captured, flaws: readonly string[]) => void;
}

export class Attempt {
  /** Whether the count is heard as clicks. */
  clicks = $state(clicksWanted());
  /** Seconds until the punch point; null outside the pre-roll. */
  countdownSeconds = $state<number | null>(null);
  capturedSamples = $state(0);
  /** Samples that the take still needs to leave a tail. */
  missingSamples = $state(0);
  /** Frames of the take that would outlive the browser. */
  keptFrames = $state(0);
  /** Why the device keeps no more of it; null while it does. */
  trouble = $state<TakeWriter['trouble']>(null);
  /** Min/max pairs, 100 a second. */
  peaks = $state.raw<Int8Array>(NO_PEAKS);
  #session: CaptureSession | null = null;
  #silenceClicks: () => void = () => {};
  /** Takes what is captured to the device. */
  #writer: TakeWriter | null = null;
  #breaks: string[] = [];

  /** Starts at once: the pre-roll begins to sound. */
  start(
    microphone: Microphone,
    { keep, ...plan }: AttemptPlan,
    { oncaptured, ...events }: AttemptEvents,
  ): void {
    this.cancel();
    this.capturedSamples = 0;
    this.missingSamples = 0;
    this.keptFrames = 0;
    this.trouble = null;
    this.peaks = NO_PEAKS;
    this.#breaks = [];
    const session = new CaptureSession(microphone.input, plan, {
      ...events,
      onsamples: (samples, lostFrames) => this.#writer?.write(samples, lostFrames),
      ondone: (captured) => {
        this.#session = null;
        void this.finish().then(() => oncaptured(this.#judged(captured), this.#breaks));
      },
    });
    this.#session = session;
    const { compensationFrames, marginFrames: leadFrames } = session;
    const { sampleRate } = microphone.context;
    const device = microphone.pair.input;
    const loose = session.loose && { loose: true as const };
    this.#writer = keep({ sampleRate, leadFrames, compensationFrames, device, ...loose });
    if (this.clicks)
      this.#silenceClicks = playClicks(microphone.context, {
        startFrame: session.startFrame,
        preRollSamples: plan.lead.preRollSamples,
      });
  }

  /** Resolves once all that was captured is on the device, or certainly will not be. */
  async finish(): Promise<void> {
    const writer = this.#writer;
    this.#writer = null;
    if (writer === null) return;
    const finished = writer.finish().then(() => true);
    const isFinished = await within(finished, FINISH_MS, false);
    this.trouble = writer.trouble ?? (isFinished ? null : 'failed');
  }

  setClicks(wanted: boolean): void {
    this.clicks = wanted;
    rememberClicks(wanted);
  }

  /** Ends the take with what is sounding now; `oncaptured` follows. */
  stop(): void {
    this.#session?.stop();
  }

  /** Ends it and keeps nothing: for the pre-roll. */
  cancel(): void {
    this.#session?.cancel();
    this.#session = null;
    this.#silenceClicks();
    this.#silenceClicks = () => {};
    this.countdownSeconds = null;
  }

  /** Notes that capture stood still here and went on: the take is not of one breath any more. */
  noteBreak(): void {
    const seconds = (this.#session?.samples ?? 0) / SAMPLE_RATE;
    this.#breaks.push(
      `Recording was interrupted at ${seconds.toFixed(1)} s. Listen to that place before you publish.`,
    );
  }

  /** Where it stood still, the clocks went on without each other: no drift can be told. */
  #judged(captured: Captured): Captured {
    if (this.#breaks.length === 0 || captured.timing === undefined) return captured;
    const { driftMs: _, ...rest } = captured.timing;
    return { ...captured, timing: Object.keys(rest).length === 0 ? undefined : rest };
  }

  /** Shows how far it is; call it with each frame of the screen. */
  refresh(counting: boolean): void {
    const session = this.#session;
    if (session === null) return;
    this.countdownSeconds = counting ? session.countdownSeconds : null;
    this.capturedSamples = session.samples;
    this.missingSamples = session.missingSamples;
    this.keptFrames = this.#writer?.keptFrames ?? 0;
    this.trouble = this.#writer?.trouble ?? null;
    const { peaks } = session;
    if (peaks.length >= this.peaks.length + REDRAW_VALUES) this.peaks = peaks;
  }
}
