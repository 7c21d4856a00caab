// Sound for the journeys: what people say, and where it is heard in what is downloaded.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samplesToSeconds } from '#domain/timeline/samples.ts';
import type { InputFormat } from '../../../media-worker/ffmpeg/command.ts';
import { withJobFolder } from '../../../media-worker/job-folder.ts';
import { decodeFile } from '../../../media-worker/testing/files.ts';
import { anyTool } from '../../../media-worker/testing/tools.ts';
import { voice, wavFile } from '../../harness/tones.ts';

/** A WAV file of a voice that nobody else has, this many seconds long. */
export function spoken(seed: number, seconds: number): Uint8Array<ArrayBuffer> {
  return wavFile(voice(seed, Math.round(seconds * 48_000)));
}

/** Writes a voice for a microphone: longer than anybody records. */
export async function microphoneFile(file: string, seed: number): Promise<string> {
  await writeFile(file, spoken(seed, 60));
  return file;
}

/** The samples of a downloaded file, -1 to 1: mono at 48 kHz, by whatever FFmpeg is here. */
export async function decode(file: Uint8Array, format: InputFormat): Promise<Float32Array> {
  const tool = await anyTool();
  return withJobFolder(async (folder) => {
    await writeFile(join(folder, 'downloaded.bin'), file);
    const samples = await decodeFile(tool, folder, { name: 'downloaded.bin', format });
    return Float32Array.from(samples, (sample) => sample / 32_768);
  });
}

/** The loudest sample, 0 to 1. */
export function peakOf(samples: Float32Array): number {
  return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
}

/** Seconds with two decimals, for annotations. */
export function inSeconds(samples: number): string {
  return `${samplesToSeconds(samples).toFixed(2)} s`;
}
