// Brings what is captured onto the device, piece by piece and in order, as it comes.
import { encodeChunk, encodeHead } from './take-file.ts';
import { notKept, type Growing, type NotKept } from './byte-store.ts';
import type { KeptOrigin } from './take-origin.ts';
import type { TakeWriter } from '../recorder/take-keeper.ts';

/** A piece is sent off once it is this long, milliseconds; what comes with it makes it a bit more. */
const PIECE_MS = 100;

export class FileTakeWriter implements TakeWriter {
  /** Frames that would outlive the browser. */
  keptFrames = 0;
  trouble: NotKept['why'] | null = null;
  readonly #create: () => Promise<Growing>;
  readonly #origin: KeptOrigin;
  readonly #pieceFrames: number;
  #pending: Float32Array[] = [];
  #pendingFrames = 0;
  #atFrame = 0;
  #lostFrames = 0;
  #work: Promise<void>;
  #file: Growing | null = null;

  /** @param create begins the file, where it will be found */
  constructor(origin: KeptOrigin, create: () => Promise<Growing>) {
    this.#origin = origin;
    this.#create = create;
    this.#pieceFrames = Math.round((origin.sampleRate * PIECE_MS) / 1000);
    this.#work = this.#carefully(() => this.#begin());
  }

  /** Frames that were handed in. */
  get writtenFrames(): number {
    return this.#atFrame + this.#pendingFrames;
  }

  write(samples: Float32Array, lostFrames: number): void {
    if (samples.length === 0) return;
    this.#pending.push(samples);
    this.#pendingFrames += samples.length;
    this.#lostFrames = lostFrames;
    if (this.#pendingFrames >= this.#pieceFrames) this.#flush();
  }

  async finish(): Promise<void> {
    this.#flush();
    await this.#work;
    await this.#file?.close().catch(() => undefined);
    this.#file = null;
  }

  #flush(): void {
    if (this.#pendingFrames === 0) return;
    const samples = joined(this.#pending, this.#pendingFrames);
    const piece = { atFrame: this.#atFrame, samples, lostFrames: this.#lostFrames };
    this.#atFrame += samples.length;
    this.#pending = [];
    this.#pendingFrames = 0;
    const before = this.#work;
    this.#work = this.#carefully(async () => {
      await before;
      // What lies behind a gap would be called kept, and be of no use to the take.
      if (this.trouble !== null || this.#file === null) return;
      await this.#file.append(encodeChunk(piece));
      this.keptFrames = piece.atFrame + samples.length;
    });
  }

  async #begin(): Promise<void> {
    const file = await this.#create();
    await file.append(encodeHead(this.#origin));
    this.#file = file;
  }

  /** Whoever records goes on recording: that it is not kept is told, and the samples stay here. */
  async #carefully(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.trouble ??= notKept(error).why;
    }
  }
}

function joined(parts: readonly Float32Array[], frames: number): Float32Array {
  const all = new Float32Array(frames);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
