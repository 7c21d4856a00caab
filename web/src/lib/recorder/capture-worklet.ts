// Runs on the audio thread: hands every sample of the microphone on, stamped with its frame.
import type { CaptureBlock } from './take-buffer.ts';

declare const currentFrame: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: typeof AudioWorkletProcessor): void;

/** Frames sent at once: 43 ms, so that the page is woken 23 times a second, not 375. */
const BLOCK_FRAMES = 2048;

class CaptureProcessor extends AudioWorkletProcessor {
  #block = new Float32Array(BLOCK_FRAMES);
  #filled = 0;
  #frame = 0;

  process([input = []]: Float32Array[][]): boolean {
    const frames = input[0]?.length ?? 128;
    // The device skipped: what is collected ends before the gap, which its stamps will show.
    if (this.#filled > 0 && currentFrame !== this.#frame + this.#filled) this.#send();
    if (this.#filled === 0) this.#frame = currentFrame;
    for (let index = 0; index < frames; index++) {
      let sum = 0;
      for (const channel of input) sum += channel[index] ?? 0;
      this.#block[this.#filled++] = input.length === 0 ? 0 : sum / input.length;
    }
    if (this.#filled + 128 > BLOCK_FRAMES) this.#send();
    return true;
  }

  #send(): void {
    const samples = this.#block.slice(0, this.#filled);
    const block: CaptureBlock = { frame: this.#frame, samples };
    this.port.postMessage(block, [samples.buffer]);
    this.#filled = 0;
  }
}

registerProcessor('tap-capture', CaptureProcessor);
