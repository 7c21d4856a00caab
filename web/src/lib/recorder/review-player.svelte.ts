// Listening to a take before it is published: alone, or over the tail that it answers.
import { playLead, loadStems, type LeadPlan, type Stems } from './lead.ts';

export type ReviewMode = 'alone' | 'duet';

/** Time between scheduling and the first frame, seconds. */
const HEAD_START_SECONDS = 0.08;

export class ReviewPlayer {
  /** What is playing; null when nothing is. */
  playing = $state<ReviewMode | null>(null);
  error = $state<string | null>(null);
  #stop: () => void = () => {};
  #context: AudioContext | null = null;
  #stems: Stems | null = null;

  /** Plays from the take's beginning. A later call, or `stop`, ends an earlier one. */
  async play(mode: ReviewMode, take: AudioBuffer, plan: LeadPlan): Promise<void> {
    this.stop();
    const abort = new AbortController();
    this.#stop = () => abort.abort();
    this.playing = mode;
    this.error = null;
    try {
      this.#context ??= new AudioContext();
      await this.#context.resume();
      if (mode === 'duet') this.#stems ??= await loadStems(this.#context, plan, abort.signal);
      if (abort.signal.aborted) return;
      this.#start(mode, take, plan);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.playing = null;
      this.error =
        'We could not load the take that yours answers. Listen to yours alone, or try again.';
      console.warn(error);
    }
  }

  stop(): void {
    this.#stop();
    this.#stop = () => {};
    this.playing = null;
  }

  async close(): Promise<void> {
    this.stop();
    await this.#context?.close();
    this.#context = null;
  }

  #start(mode: ReviewMode, buffer: AudioBuffer, plan: LeadPlan): void {
    const context = this.#context;
    if (context === null) return;
    const startFrame = Math.round((context.currentTime + HEAD_START_SECONDS) * context.sampleRate);
    const silence =
      mode === 'duet' && this.#stems !== null
        ? playLead(context, {
            plan,
            stems: this.#stems,
            startFrame,
            fromSamples: plan.preRollSamples,
          })
        : () => {};
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    source.start(startFrame / context.sampleRate);
    source.addEventListener(
      'ended',
      () => {
        silence();
        this.playing = null;
      },
      { once: true },
    );
    this.#stop = () => {
      silence();
      source.disconnect();
      source.stop();
    };
  }
}
