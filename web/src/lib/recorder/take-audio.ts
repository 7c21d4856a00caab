// A take that can be listened to, measured and sent: a recording, or a file that was chosen.
import type { TakeTiming } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { cutAt, rawTake, type RawTake } from '../latency/raw-take.ts';
import type { Captured } from './capture-session.ts';
import type { RecoveredTake } from './take-keeper.ts';
import { encodeWav } from './wav.ts';

export interface TakeAudio {
  readonly file: Blob;
  /** For listening; null for a file that this browser cannot decode (the server may). */
  readonly buffer: AudioBuffer | null;
  /** Null with the buffer. */
  readonly durationSamples: number | null;
  /** All that was captured, of which the take is a cut; null for a file that was chosen. */
  readonly raw: RawTake | null;
  /** What is known against its timing. */
  readonly timing: TakeTiming | undefined;
}

/**
 * A take cut out of a recording, moved by `nudgeMs`, as a WAV at 48 kHz. Where the browser cannot
 * convert it, the WAV is at its own rate, which the server can: no take is lost to a conversion.
 */
export async function audioOfRecording(
  raw: RawTake,
  timing: TakeTiming | undefined,
  nudgeMs = 0,
): Promise<TakeAudio> {
  const { rate, frames } = raw;
  const recorded = new AudioBuffer({ length: frames, numberOfChannels: 1, sampleRate: rate });
  recorded.copyToChannel(cutAt(raw, nudgeMs), 0);
  const buffer = rate === SAMPLE_RATE ? recorded : await resampled(recorded).catch(() => recorded);
  const file = wavBlob(buffer.getChannelData(0), buffer.sampleRate);
  const durationSamples = Math.round((buffer.length * SAMPLE_RATE) / buffer.sampleRate);
  return { file, buffer, durationSamples, raw, timing };
}

/** A take that was just captured; null if this browser can make nothing of it. */
export async function audioOfCaptured(captured: Captured): Promise<TakeAudio | null> {
  const { timing } = captured;
  try {
    const raw = rawTake(captured);
    return await audioOfRecording(raw, timing).catch(() => unplayable(raw, timing));
  } catch (error) {
    console.warn(error);
    return null;
  }
}

/** What this browser has no means to play is sent as it was captured. */
function unplayable(raw: RawTake, timing: TakeTiming | undefined): TakeAudio {
  const file = wavBlob(cutAt(raw, 0), raw.rate);
  return { file, buffer: null, durationSamples: null, raw, timing };
}

/** A take, moved against its parent; a file that was chosen stays where it is. */
export async function moveTake(take: TakeAudio, nudgeMs: number): Promise<TakeAudio> {
  return take.raw === null ? take : audioOfRecording(take.raw, take.timing, nudgeMs);
}

/** Mono samples as a file. */
export function wavBlob(samples: Float32Array, rate = SAMPLE_RATE): Blob {
  return new Blob([encodeWav([samples], rate)], { type: 'audio/wav' });
}

/** All channels of a buffer as one. */
export function monoOf(buffer: AudioBuffer): Float32Array<ArrayBuffer> {
  const mono = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++)
    for (const [index, sample] of buffer.getChannelData(channel).entries())
      mono[index] = (mono[index] ?? 0) + sample / buffer.numberOfChannels;
  return mono;
}

/** A file, decoded if this browser can. */
export async function audioOfFile(file: Blob): Promise<TakeAudio> {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  try {
    const buffer = await context.decodeAudioData(await file.arrayBuffer());
    return { file, buffer, durationSamples: buffer.length, raw: null, timing: undefined };
  } catch {
    // The server knows more formats, and says why if it does not know this one.
    return { file, buffer: null, durationSamples: null, raw: null, timing: undefined };
  }
}

/** A take of an earlier visit. */
export function audioOfKept({ audio }: RecoveredTake): Promise<TakeAudio> {
  return audio.kind === 'file'
    ? audioOfFile(audio.file)
    : audioOfRecording(audio.raw, audio.timing);
}

/** At 48 kHz, by the browser's own resampler. */
async function resampled(buffer: AudioBuffer): Promise<AudioBuffer> {
  const length = Math.max(1, Math.round(buffer.duration * SAMPLE_RATE));
  const context = new OfflineAudioContext(1, length, SAMPLE_RATE);
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return context.startRendering();
}
