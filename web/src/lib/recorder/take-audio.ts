// A take that can be listened to, measured and sent: a recording, or a file that was chosen.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { encodeWav } from './wav.ts';

export interface TakeAudio {
  readonly file: Blob;
  /** For listening; null for a file that this browser cannot decode (the server may). */
  readonly buffer: AudioBuffer | null;
  /** Null with the buffer. */
  readonly durationSamples: number | null;
}

/** A recording at the context's rate, as a WAV at 48 kHz. */
export async function audioOfRecording(
  chunks: readonly Float32Array<ArrayBuffer>[],
  rate: number,
): Promise<TakeAudio> {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  const recorded = new AudioBuffer({ length, numberOfChannels: 1, sampleRate: rate });
  let at = 0;
  for (const chunk of chunks) {
    recorded.copyToChannel(chunk, 0, at);
    at += chunk.length;
  }
  const buffer = rate === SAMPLE_RATE ? recorded : await resampled(recorded);
  const file = new Blob([encodeWav([buffer.getChannelData(0)])], { type: 'audio/wav' });
  return { file, buffer, durationSamples: buffer.length };
}

/** A chosen file, decoded if this browser can. */
export async function audioOfFile(file: File): Promise<TakeAudio> {
  const context = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  try {
    const buffer = await context.decodeAudioData(await file.arrayBuffer());
    return { file, buffer, durationSamples: buffer.length };
  } catch {
    // The server knows more formats, and says why if it does not know this one.
    return { file, buffer: null, durationSamples: null };
  }
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
