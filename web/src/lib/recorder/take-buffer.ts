// The samples of one take, cut to the exact frame out of what the microphone keeps sending.

/** A run of mono samples, stamped with the audio context's frame of its first one. */
export interface CaptureBlock {
  readonly frame: number;
  readonly samples: Float32Array<ArrayBuffer>;
}

/**
 * Keeps the samples from `startFrame` on, until `endAt`. Frames that never arrive are filled with
 * silence and counted, so that what follows them stays in its place.
 */
export class TakeBuffer {
  readonly #startFrame: number;
  #endFrame = Infinity;
  #chunks: Float32Array<ArrayBuffer>[] = [];
  #length = 0;
  #missing = 0;

  constructor(startFrame: number) {
    this.#startFrame = startFrame;
  }

  /** Frames kept so far. */
  get length(): number {
    return this.#length;
  }

  /** Frames among them that the device never delivered. */
  get missing(): number {
    return this.#missing;
  }

  /** True once every frame before the end has arrived. */
  get complete(): boolean {
    return this.#startFrame + this.#length >= this.#endFrame;
  }

  get chunks(): readonly Float32Array<ArrayBuffer>[] {
    return this.#chunks;
  }

  /** Takes in a block; what lies before the start, after the end or twice is left out. */
  push({ frame, samples }: CaptureBlock): void {
    const next = this.#startFrame + this.#length;
    const from = Math.max(next, frame);
    const to = Math.min(frame + samples.length, this.#endFrame);
    if (to <= from) return;
    if (from > next) {
      this.#keep(new Float32Array(from - next));
      this.#missing += from - next;
    }
    this.#keep(samples.slice(from - frame, to - frame));
  }

  /** Sets the frame after the last one of the take, and cuts what is already beyond it. */
  endAt(frame: number): void {
    this.#endFrame = Math.max(this.#startFrame, frame);
    while (this.#startFrame + this.#length > this.#endFrame) {
      const last = this.#chunks.pop();
      if (last === undefined) return;
      this.#length -= last.length;
      const room = this.#endFrame - this.#startFrame - this.#length;
      if (room > 0) this.#keep(last.slice(0, room));
    }
  }

  #keep(samples: Float32Array<ArrayBuffer>): void {
    this.#chunks.push(samples);
    this.#length += samples.length;
  }
}
