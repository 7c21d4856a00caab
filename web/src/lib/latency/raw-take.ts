// A take with the sound around it, from which it can be cut earlier or later.

export interface RawTake {
  /** Mono. */
  readonly samples: Float32Array<ArrayBuffer>;
  readonly rate: number;
  /** Where the take begins in them as it was recorded, and how long it is. */
  readonly fromFrames: number;
  readonly frames: number;
}

/** What was captured, in one piece. */
export function rawTake({
  chunks,
  rate,
  cut,
}: {
  readonly chunks: readonly Float32Array[];
  readonly rate: number;
  readonly cut: { readonly fromFrames: number; readonly frames: number };
}): RawTake {
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    samples.set(chunk, at);
    at += chunk.length;
  }
  return { samples, rate, ...cut };
}

/**
 * The take, moved: what is heard in it comes `nudgeMs` later (positive) or earlier than it was
 * recorded. Its length stays, and no sample is changed: another stretch is cut out. Where that goes
 * beyond what was captured, it is silent.
 */
export function cutAt(
  { samples, rate, fromFrames, frames }: RawTake,
  nudgeMs: number,
): Float32Array<ArrayBuffer> {
  const from = fromFrames - Math.round((nudgeMs * rate) / 1_000);
  const cut = new Float32Array(frames);
  const first = Math.max(0, from);
  const piece = samples.subarray(first, Math.max(first, from + frames));
  cut.set(piece, Math.min(first - from, frames));
  return cut;
}
