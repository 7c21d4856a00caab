// The samples of one take, cut to the exact frame out of what the microphone keeps sending.

/** A run of mono samples, stamped with the audio context's frame of its first one. */
export interface CaptureBlock {
  readonly frame: number;
  readonly samples: Float32Array<ArrayBuffer>;
  /** The device gave nothing for these frames: they are silent here, and were not there. */
  readonly isEmpty?: boolean;
}

/** Where a take lies in what was captured. */
export interface Cut {
  /** Frames before it. */
  readonly fromFrames: number;
  readonly frames: number;
}

/**
 * Keeps the samples from `startFrame` on, until `endAt`, and `marginFrames` around them, so that the
 * take can be moved later. Frames of the take that never arrive are filled with silence and
 * counted, so that what follows them stays in its place.
 */
export class TakeBuffer {
  readonly #startFrame: number;
  readonly #marginFrames: number;
  #endFrame = Infinity;
  #chunks: Float32Array<ArrayBuffer>[] = [];
  #kept = 0;
  #missing = 0;

  constructor(startFrame: number, marginFrames = 0) {
    this.#startFrame = startFrame;
    this.#marginFrames = marginFrames;
  }

  /** Frames of the take so far, without its margins. */
  get length(): number {
    const until = Math.min(this.#nextFrame, this.#endFrame);
    return Math.max(0, until - this.#startFrame);
  }

  /** Frames among them that the device never delivered. What never came after them is not. */
  get missing(): number {
    return this.#missing;
  }

  /** True once every frame before the end has arrived, and before the margin's. */
  get complete(): boolean {
    return this.#nextFrame >= this.#endFrame + this.#marginFrames;
  }

  /** All that is kept: margin, take, margin. The last one is shorter if the end was not drained. */
  get chunks(): readonly Float32Array<ArrayBuffer>[] {
    return this.#chunks;
  }

  /** Where the take lies in the chunks. */
  get cut(): Cut {
    return { fromFrames: this.#marginFrames, frames: this.length };
  }

  /** Takes in a block; what lies before the start, after the end or twice is left out. */
  push({ frame, samples, isEmpty = false }: CaptureBlock): void {
    const next = this.#nextFrame;
    const from = Math.max(next, frame);
    const to = Math.min(frame + samples.length, this.#endFrame + this.#marginFrames);
    if (to <= from) return;
    if (from > next) {
      this.#keep(new Float32Array(from - next));
      this.#miss(next, from);
    }
    this.#keep(samples.slice(from - frame, to - frame));
    if (isEmpty) this.#miss(from, to);
  }

  /** Sets the frame after the last one of the take, and cuts what is beyond it and its margin. */
  endAt(frame: number): void {
    this.#endFrame = Math.max(this.#startFrame, frame);
    const excess = this.#nextFrame - (this.#endFrame + this.#marginFrames);
    for (let left = excess; left > 0;) {
      const last = this.#chunks.pop();
      if (last === undefined) return;
      this.#kept -= last.length;
      if (last.length > left) this.#keep(last.slice(0, last.length - left));
      left -= last.length;
    }
  }

  /** The frame after the last one that is kept. */
  get #nextFrame(): number {
    return this.#startFrame - this.#marginFrames + this.#kept;
  }

  #miss(from: number, to: number): void {
    const inTake = Math.min(to, this.#endFrame) - Math.max(from, this.#startFrame);
    this.#missing += Math.max(0, inTake);
  }

  #keep(samples: Float32Array<ArrayBuffer>): void {
    this.#chunks.push(samples);
    this.#kept += samples.length;
  }
}
