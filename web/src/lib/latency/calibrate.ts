// Plays the two sweeps, listens, and says how late they were heard.
import { TakeBuffer } from '../recorder/take-buffer.ts';
import type { CaptureInput } from '../recorder/capture-input.ts';
import { hearRoundTrip, type Hearing } from './round-trip.ts';
import { samplesOf, sounding } from './sweeps.ts';

/** Between the call and the first frame, seconds: time to schedule. */
const HEAD_START_SECONDS = 0.15;
/** How long nothing may come in before the measurement ends, milliseconds. */
const PATIENCE_MS = 3_000;

/**
 * Measures in the very context that records: delays differ from one to the next.
 * @throws {Error} the signal ended it
 */
export async function calibrate(input: CaptureInput, signal: AbortSignal): Promise<Hearing> {
  signal.throwIfAborted();
  const { context } = input;
  const rate = context.sampleRate;
  const plan = sounding(rate);
  const startFrame = input.frame + Math.round(HEAD_START_SECONDS * rate);
  const recording = await new Promise<Float32Array>((resolve, reject) => {
    const heard = new TakeBuffer(startFrame);
    heard.endAt(startFrame + plan.frames);
    const silence = play(input, samplesOf(plan), startFrame);
    const end = (settle: () => void): void => {
      unlisten();
      clearTimeout(patience);
      silence();
      signal.removeEventListener('abort', onabort);
      settle();
    };
    const done = (): void => end(() => resolve(joined(heard.chunks, plan.frames)));
    const onabort = (): void =>
      end(() => reject(new Error('the measurement was ended', { cause: signal.reason })));
    let patience = setTimeout(done, PATIENCE_MS);
    const unlisten = input.listen((block) => {
      // A busy machine may be slow; as long as sound comes in, it is waited for.
      clearTimeout(patience);
      patience = setTimeout(done, PATIENCE_MS);
      heard.push(block);
      if (heard.complete) done();
    });
    signal.addEventListener('abort', onabort);
  });
  return hearRoundTrip(recording, plan);
}

function play(
  { context, output }: CaptureInput,
  samples: Float32Array<ArrayBuffer>,
  startFrame: number,
): () => void {
  const rate = context.sampleRate;
  const buffer = new AudioBuffer({ length: samples.length, sampleRate: rate });
  buffer.copyToChannel(samples, 0);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(output);
  source.start(startFrame / rate);
  return () => {
    source.stop();
    source.disconnect();
  };
}

/** Chunks as one; what is missing at the end is silence. */
function joined(chunks: readonly Float32Array[], frames: number): Float32Array {
  const all = new Float32Array(frames);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
