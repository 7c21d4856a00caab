// Files built to cost, to lie or to be two things at once, made from sound ones.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFfmpeg, type Tool } from '../ffmpeg/run.ts';
import { withJobFolder } from '../job-folder.ts';
import { transcode, wavFile } from './files.ts';
import { babble } from './signals.ts';

/** One and a half seconds, in each format that is taken. */
const encodings = {
  wav: ['-c:a', 'pcm_s16le', '-f', 'wav'],
  aiff: ['-c:a', 'pcm_s16be', '-f', 'aiff'],
  flac: ['-c:a', 'flac', '-f', 'flac'],
  oggOpus: ['-c:a', 'libopus', '-f', 'ogg'],
  webm: ['-c:a', 'libopus', '-f', 'webm'],
  mp3: ['-c:a', 'libmp3lame', '-f', 'mp3'],
  m4a: ['-c:a', 'aac', '-movflags', '+faststart', '-f', 'ipod'],
  m4aIndexLast: ['-c:a', 'aac', '-f', 'ipod'],
  adts: ['-c:a', 'aac', '-f', 'adts'],
} as const;
export type Encoding = keyof typeof encodings;
export const SAMPLES = 72_000;

/** A sound file in every format. */
export async function soundFiles(tool: Tool): Promise<ReadonlyMap<Encoding, Buffer>> {
  return await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'in.wav'), wavFile(babble(7, SAMPLES)));
    const made = new Map<Encoding, Buffer>();
    for (const [name, options] of Object.entries(encodings)) {
      await transcode(tool, folder, { from: 'in.wav', format: 'wav', to: 'out', options });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its own keys
      made.set(name as Encoding, await readFile(join(folder, 'out')));
    }
    return made;
  });
}

const HOURS_SECONDS = 7_200;

/** Two hours of silence, as small as they come, told in ways that hide how long they are. */
export async function silentHours(tool: Tool): Promise<Record<string, Buffer>> {
  return await withJobFolder(async (folder) => {
    const source = ['-f', 'lavfi', '-i', 'anullsrc=r=8000:cl=mono', '-t', String(HOURS_SECONDS)];
    await runFfmpeg(tool, [...source, '-c:a', 'flac', '-f', 'flac', 'long.flac'], { folder });
    const timeless = ['-c', 'copy', '-bsf:a', 'setts=ts=0', '-f', 'matroska', 'timeless.mkv'];
    await runFfmpeg(tool, ['-i', 'long.flac', ...timeless], { folder });
    const [honest, mkv] = await Promise.all([
      readFile(join(folder, 'long.flac')),
      readFile(join(folder, 'timeless.mkv')),
    ]);
    return {
      honest,
      unsaid: flacOfSamples(honest, 0),
      understated: flacOfSamples(honest, 80_000),
      timeless: mkv,
    };
  });
}

/** A FLAC whose header says another number of samples. */
export function flacOfSamples(flac: Buffer, samples: number): Buffer {
  const changed = Buffer.from(flac);
  changed.writeUInt8(changed.readUInt8(21) & 0xf0, 21);
  changed.writeUInt32BE(samples, 22);
  return changed;
}

/** Overwrites a number behind a mark in a file, big-endian. */
export function patched(
  file: Buffer | undefined,
  mark: string,
  { at, value }: { at: number; value: number },
): Buffer {
  if (file === undefined) throw new Error(`patched: no file for ${mark}`);
  const changed = Buffer.from(file);
  const from = changed.indexOf(mark, 0, 'latin1');
  if (from < 0) throw new Error(`patched: there is no ${mark}`);
  changed.writeUInt32BE(value, from + at);
  return changed;
}

/**
 * An MP4 whose samples lie in another file, as QuickTime keeps them: by a Macintosh alias.
 * @param file one whose index stands behind its samples
 */
export function mp4OfAnotherFile(file: Buffer | undefined, path: string): Buffer {
  const name = Buffer.from(path.length % 2 === 0 ? path : `${path}\0`);
  const fixed = Buffer.alloc(12 + 150);
  const alias = Buffer.concat([fixed, Buffer.from([0, 2, 0, path.length]), name, END_OF_ALIAS]);
  alias.writeUInt32BE(alias.length, 0);
  alias.write('alis', 4);
  let changed = file ?? Buffer.alloc(0);
  for (const box of ['moov', 'trak', 'mdia', 'minf', 'dinf', 'dref']) {
    const size = changed.readUInt32BE(changed.indexOf(box, 0, 'latin1') - 4);
    changed = patched(changed, box, { at: -4, value: size + alias.length - OWN_FILE_BYTES });
  }
  const at = changed.indexOf('dref', 0, 'latin1') + 12;
  return Buffer.concat([changed.subarray(0, at), alias, changed.subarray(at + OWN_FILE_BYTES)]);
}
const END_OF_ALIAS = Buffer.from('ffff0000', 'hex');
/** The entry that says: in this file. */
const OWN_FILE_BYTES = 12;

/** A RIFF chunk. */
export function chunk(id: string, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 'latin1');
  head.writeUInt32LE(body.length, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

/** A WAV with chunks of one's own between its format and its samples. */
export function wavWith(chunks: Buffer, pcm: Int16Array): Buffer {
  const plain = wavFile(pcm);
  const file = Buffer.concat([plain.subarray(0, 36), chunks, plain.subarray(36)]);
  file.writeUInt32LE(file.length - 8, 4);
  return file;
}

/** The first and last headers of a ZIP archive that holds one empty file. */
export function zipOfNothing(): Buffer {
  const local = Buffer.from('504b03040a00000000000000000000000000000000000000000001000000', 'hex');
  const end = Buffer.from('504b050600000000010001002f0000001f0000000000', 'hex');
  return Buffer.concat([local, Buffer.from('a'), end]);
}

/** A FLAC with tags, each a key, `=` and a value, in which any text may stand. */
export function flacTagged(flac: Buffer | undefined, tags: readonly string[]): Buffer {
  if (flac === undefined) throw new Error('flacTagged: no file');
  const counted = (text: string): Buffer[] => [
    littleEndian(Buffer.byteLength(text)),
    Buffer.from(text),
  ];
  const body = Buffer.concat([...counted(''), littleEndian(tags.length), ...tags.flatMap(counted)]);
  const head = Buffer.from([VORBIS_COMMENT, 0, 0, 0]);
  head.writeUIntBE(body.length, 1, 3);
  const [begin, rest] = [flac.subarray(0, STREAMINFO_END), flac.subarray(STREAMINFO_END)];
  return Buffer.concat([begin, head, body, rest]);
}
const VORBIS_COMMENT = 4;
const STREAMINFO_END = 42;

function littleEndian(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

/** Tags that ffmpeg prints as if it had said so itself. */
export const forgedSaying = (line: string): Record<string, string> => ({
  'a tag of a long name': `${line}=x`,
  'a line in the name of a tag': `key\n${line}\nkey=x`,
  'a line separator in a tag': `title=x\u2028${line}\u2028x`,
});

const OTHER_RATE = 'Audio: flac, 48000 Hz, mono';

/** Recordings of one sample a second, each of which says in its tags that it is another. */
export async function filesOfForgedRate(tool: Tool): Promise<ReadonlyMap<string, Buffer>> {
  return await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'slow.wav'), wavFile(babble(2, 30), { rate: 1 }));
    const slow = async (...options: string[]): Promise<Buffer> => {
      await transcode(tool, folder, { from: 'slow.wav', format: 'wav', to: 'slow', options });
      return await readFile(join(folder, 'slow'));
    };
    const flac = await slow('-c:a', 'flac', '-f', 'flac');
    const files = new Map<string, Buffer>();
    const stream = `  Stream #0:0: ${OTHER_RATE}`;
    for (const [how, tag] of Object.entries(forgedSaying(`${stream}\nStream mapping:`))) {
      files.set(how, flacTagged(flac, [tag]));
    }
    for (const [how, language] of Object.entries({
      'its language': `): ${OTHER_RATE}, s16 (`,
      'its language, of two lines': `): ${OTHER_RATE}\n      key : x`,
      'its language, of other ends of a line': `): ${OTHER_RATE}\r): ${OTHER_RATE}\u2028`,
      'its language, a long one': `): ${OTHER_RATE}\n${'x'.repeat(700)}`,
      'its language, one without end': `): ${OTHER_RATE}\n${'x'.repeat(7_000)}`,
    })) {
      const metadata = ['-metadata:s:a:0', `language=${language}`];
      files.set(how, await slow('-c:a', 'pcm_s16le', '-f', 'matroska', ...metadata));
    }
    return files;
  });
}
