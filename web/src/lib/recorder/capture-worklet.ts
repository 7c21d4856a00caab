// Runs on the audio thread: hands every sample of the microphone on, stamped with its frame.
import type { CaptureBlock } from './take-buffer.ts';

declare const currentFrame: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

/** Frames sent at once: 43 ms, so that the page is woken 23 times a second, not 375. */
const BLOCK_FRAMES = 2048;
const QUANTUM_FRAMES = 128;

class CaptureProcessor extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK_FRAMES);
  #filled = 0;
  #frame = 0;
  #isEmpty = false;

  process([input = []]: Float32Array[][]): boolean {
    const frames = input[0]?.length ?? QUANTUM_FRAMES;
    // A source without a channel gives nothing, which is not the same as a silent room.
    const isEmpty = input.length === 0;
    // The device skipped: what is collected ends before the gap, which its stamps will show.
    const goesOn = currentFrame === this.#frame + this.#filled && isEmpty === this.#isEmpty;
    if (this.#filled > 0 && !goesOn) this.#send();
    if (this.#filled === 0) {
      this.#frame = currentFrame;
      this.#isEmpty = isEmpty;
    }
    this.#collect(input, frames);
    if (this.#filled + frames > BLOCK_FRAMES) this.#send();
    return true;
  }

  /** All channels as one; silence where there is none. */
  #collect(input: Float32Array[], frames: number): void {
    for (let index = 0; index < frames; index++) {
      let sum = 0;
      for (const channel of input) sum += channel[index] ?? 0;
      this.#block[this.#filled++] = sum / Math.max(1, input.length);
    }
  }

  #send(): void {
    const samples = this.#block.slice(0, this.#filled);
    const block: CaptureBlock = { frame: this.#frame, samples, isEmpty: this.#isEmpty };
    this.port.postMessage(block, [samples.buffer]);
    this.#filled = 0;
  }
}

registerProcessor('tap-capture', CaptureProcessor);
