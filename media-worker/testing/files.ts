// Audio files for tests, written and read without ffmpeg where that is possible.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ffmpegArguments, type InputFormat } from '../ffmpeg/command.ts';
import { filter } from '../ffmpeg/graph.ts';
import { runFfmpeg, type Tool } from '../ffmpeg/run.ts';

export interface WavOptions {
  readonly rate?: number;
  readonly channels?: number;
  /** What the header says, if not the truth. */
  readonly claimedBytes?: number;
}

/** A 16-bit PCM WAV file of interleaved samples. */
export function wavFile(
  pcm: Int16Array,
  { rate = 48_000, channels = 1, claimedBytes = pcm.byteLength }: WavOptions = {},
): Buffer {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + claimedBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(claimedBytes, 40);
  return Buffer.concat([header, Buffer.from(pcm.buffer, pcm.byteOffset, pcm.byteLength)]);
}

/** Encodes signals into `<name>.flac` files of a folder, all in one run of ffmpeg. */
export async function writeFlacs(
  tool: Tool,
  folder: string,
  signals: ReadonlyMap<string, Int16Array>,
): Promise<void> {
  const names = [...signals.keys()];
  for (const [name, pcm] of signals) await writeFile(join(folder, `${name}.wav`), wavFile(pcm));
  const args = ffmpegArguments({
    inputs: names.map((name) => ({ name: `${name}.wav`, format: 'wav' })),
    graph: names.map((_, input) => ({
      from: [{ input }],
      filters: [filter('anull')],
      to: [{ label: `out${input}` }],
    })),
    outputs: names.map((name, index) => ({
      name: `${name}.flac`,
      from: { label: `out${index}` },
      options: ['-c:a', 'flac', '-f', 'flac'],
    })),
  });
  await runFfmpeg(tool, args, { folder });
}

/** Encodes one file into another, with the encoder and muxer options given. */
export async function transcode(
  tool: Tool,
  folder: string,
  file: { from: string; format: InputFormat; to: string; options: readonly string[] },
): Promise<void> {
  const args = ffmpegArguments({
    inputs: [{ name: file.from, format: file.format }],
    graph: [{ from: [{ input: 0 }], filters: [filter('anull')], to: [{ label: 'out' }] }],
    outputs: [{ name: file.to, from: { label: 'out' }, options: file.options }],
  });
  await runFfmpeg(tool, args, { folder });
}

/** The samples of a file in a folder, as a plain decode gives them: mono at 48 kHz. */
export async function decodeFile(
  tool: Tool,
  folder: string,
  file: { name: string; format: InputFormat },
): Promise<Int16Array> {
  await transcode(tool, folder, {
    from: file.name,
    format: file.format,
    to: 'decoded.raw',
    options: ['-ar', '48000', '-ac', '1', '-c:a', 'pcm_s16le', '-f', 's16le'],
  });
  const bytes = await readFile(join(folder, 'decoded.raw'));
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
