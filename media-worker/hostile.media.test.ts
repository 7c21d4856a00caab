// Uploads that are not what they say, or are built to harm: each is refused for the right reason.
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TakeFailure } from '#domain/story/take.ts';
import type { InputFormat } from './ffmpeg/command.ts';
import { MediaRefused } from './ffmpeg/failures.ts';
import { runFfmpeg, type Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { decodeUpload, makeStem } from './stem.ts';
import { transcode, wavFile } from './testing/files.ts';
import {
  filesOfForgedRate,
  flacTagged,
  forgedSaying,
  mp4OfAnotherFile,
  soundFiles,
} from './testing/hostile-files.ts';
import { babble } from './testing/signals.ts';
import { anyTool, testTools } from './testing/tools.ts';

const voice = babble(1, 96_000);
const sound = await soundFiles(await anyTool());
const ofForgedRate = await filesOfForgedRate(await anyTool());
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');

/** What lies outside of the job's folder, and names it in every way we know. */
const hls = (address: string) =>
  `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${address}\n#EXT-X-ENDLIST\n`;
const dash = (address: string) =>
  `<?xml version="1.0"?><MPD type="static"><Period><AdaptationSet><Representation id="1">` +
  `<BaseURL>${address}</BaseURL></Representation></AdaptationSet></Period></MPD>`;

const sdp = 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n';

/** The first bytes of each format, as they are told apart by them. */
const marks = {
  wav: Buffer.from('RIFF\xff\xff\xff\x7fWAVE', 'latin1'),
  aiff: Buffer.from('FORM\x7f\xff\xff\xffAIFF', 'latin1'),
  flac: Buffer.from('fLaC'),
  ogg: Buffer.from('OggS'),
  mp4: box('ftyp', 'isom\0\0\0\0isom'),
  webm: Buffer.from('1a45dfa3', 'hex'),
  mp3: Buffer.from('ID3\x04\0\0\0\0\0\0', 'latin1'),
  adts: Buffer.from('fff15080', 'hex'),
};

const files: readonly (readonly [string, Uint8Array, TakeFailure])[] = [
  ['no bytes', new Uint8Array(), 'empty'],
  ['a WAV with no samples', wavFile(new Int16Array()), 'empty'],
  ['text', Buffer.from('Once upon a time there was a file that was no audio.'), 'not_audio'],
  ['a picture', png, 'not_audio'],
  ['a playlist of a file', Buffer.from(hls('file:///etc/hostname')), 'not_audio'],
  ['a playlist of an address', Buffer.from(hls('http://127.0.0.1:9/x.ts')), 'not_audio'],
  ['a list of a neighbour', Buffer.from('ffconcat version 1.0\nfile neighbour.wav\n'), 'not_audio'],
  ['a list of a path', Buffer.from('ffconcat version 1.0\nfile /tmp/x.wav\n'), 'not_audio'],
  ['a session description', Buffer.from(sdp), 'not_audio'],
  ['a DASH manifest', Buffer.from(dash('file:///etc/hostname')), 'not_audio'],
  ['a WAV of one sample a second', wavFile(babble(2, 3_600), { rate: 1 }), 'not_audio'],
  ['a WAV of 64 channels', wavFile(babble(3, 64_000), { channels: 64 }), 'not_audio'],
  ['a WAV that breaks off', wavFile(voice, { claimedBytes: voice.byteLength * 3 }), 'truncated'],
  [
    'an MP4 without its index',
    Buffer.concat([box('ftyp', 'isom\0\0\0\0isom'), box('mdat', 'x'.repeat(999))]),
    'truncated',
  ],
  [
    'a WebM of nothing but its mark',
    Buffer.from('1a45dfa3ffffffffffffffff0000', 'hex'),
    'not_audio',
  ],
  ['a tenth of a second', wavFile(babble(4, 4_800)), 'too_short'],
  ['eleven minutes', wavFile(new Int16Array(11 * 60 * 8_000), { rate: 8_000 }), 'too_long'],
];

function box(type: string, body: string): Buffer {
  const bytes = Buffer.from(`0000${type}${body}`, 'latin1');
  bytes.writeUInt32BE(bytes.length, 0);
  return bytes;
}

async function reasonOf(attempt: Promise<unknown>): Promise<TakeFailure | 'accepted'> {
  try {
    await attempt;
    return 'accepted';
  } catch (error) {
    if (error instanceof MediaRefused) return error.reason;
    throw error;
  }
}

async function refusal(tool: Tool, bytes: Uint8Array): Promise<TakeFailure | 'accepted'> {
  return await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'upload'), bytes);
    return await reasonOf(makeStem(tool, 'upload', { folder }));
  });
}

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`on ${name} ffmpeg (${why})`, () => {
    for (const [what, bytes, reason] of files) {
      test(`${what} is refused as ${reason}`, async () => {
        if (tool === null) return;
        expect(await refusal(tool, bytes)).toBe(reason);
      });
    }

    test('a recording that was cut off is truncated, whatever its format', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'whole.wav'), wavFile(babble(5, 240_000)));
        for (const [to, options] of [
          ['whole.flac', ['-c:a', 'flac', '-f', 'flac']],
          ['whole.webm', ['-c:a', 'libopus', '-f', 'webm']],
          ['whole.m4a', ['-c:a', 'aac', '-movflags', '+faststart', '-f', 'ipod']],
        ] as const) {
          await transcode(tool, folder, { from: 'whole.wav', format: 'wav', to, options });
          const whole = await readFile(join(folder, to));
          expect([to, await refusal(tool, whole)]).toEqual([to, 'accepted']);
          const half = whole.subarray(0, whole.length / 2);
          expect([to, await refusal(tool, half)]).toEqual([to, 'truncated']);
        }
      });
    });

    test.each([
      'ENOSPC_ENOSPC_ENOSPC',
      'out.flac: No space left on device',
      'Exiting normally, received signal 24',
    ])('a recording is taken though its tags say: %s', async (line) => {
      if (tool === null) return;
      for (const [how, tag] of Object.entries(forgedSaying(line))) {
        const file = flacTagged(sound.get('flac'), [tag]);
        expect([how, await refusal(tool, file)]).toEqual([how, 'accepted']);
      }
    });

    test.each([...ofForgedRate])(
      'a recording of one sample a second is refused though %s says another rate',
      async (_, file) => {
        if (tool === null) return;
        expect(await refusal(tool, file)).toBe('not_audio');
      },
    );

    test('a film without sound has no audio track', async () => {
      if (tool === null) return;
      expect(await refusal(tool, await silentFilm(tool))).toBe('silent_stream');
    });

    test.each(Object.entries(marks))(
      'a playlist behind the mark of %s opens nothing',
      async (_, mark) => {
        if (tool === null) return;
        for (const text of [hls('neighbour.wav'), 'ffconcat version 1.0\nfile neighbour.wav\n']) {
          const disguised = Buffer.concat([mark, Buffer.from(`\n${text}`)]);
          expect(await besideNeighbour(tool, disguised)).not.toBe('accepted');
        }
      },
    );

    test('an MP4 whose samples lie in another file opens nothing', async () => {
      if (tool === null) return;
      const { m4aIndexLast } = Object.fromEntries(sound);
      expect(await besideNeighbour(tool, m4aIndexLast ?? Buffer.alloc(0))).toBe('accepted');
      const elsewhere = mp4OfAnotherFile(m4aIndexLast, 'neighbour.wav');
      expect(await besideNeighbour(tool, elsewhere)).not.toBe('accepted');
    });

    test('a playlist opens nothing, even where its bytes get past the first look', async () => {
      if (tool === null) return;
      const formats: readonly InputFormat[] = [
        'matroska',
        'mov',
        'wav',
        'ogg',
        'flac',
        'mp3',
        'aac',
      ];
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'neighbour.wav'), wavFile(voice));
        for (const text of [
          hls(`file://${folder}/neighbour.wav`),
          hls('neighbour.wav'),
          'ffconcat version 1.0\nfile neighbour.wav\n',
          dash(`file://${folder}/neighbour.wav`),
          sdp,
        ]) {
          await writeFile(join(folder, 'upload'), text);
          for (const format of formats) {
            const opened = reasonOf(decodeUpload(tool, { upload: 'upload', format }, { folder }));
            expect([format, text, await opened]).not.toEqual([format, text, 'accepted']);
          }
        }
        // Our own outputs may have been begun, but nothing was heard.
        const samples = await stat(join(folder, 'samples.raw')).catch(() => null);
        expect(samples?.size ?? 0).toBe(0);
      });
    });
  });
}

/** What becomes of an upload beside which a recording lies. */
async function besideNeighbour(tool: Tool, bytes: Uint8Array): Promise<TakeFailure | 'accepted'> {
  return await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'neighbour.wav'), wavFile(voice));
    await writeFile(join(folder, 'upload'), bytes);
    return await reasonOf(makeStem(tool, 'upload', { folder }));
  });
}

/** One black picture in a Matroska file. */
async function silentFilm(tool: Tool): Promise<Buffer> {
  return await withJobFolder(async (folder) => {
    const source = ['-f', 'lavfi', '-i', 'color=c=black:s=16x16:d=1:r=5'];
    await runFfmpeg(tool, [...source, '-c:v', 'rawvideo', '-f', 'matroska', 'film.mkv'], {
      folder,
    });
    return await readFile(join(folder, 'film.mkv'));
  });
}
