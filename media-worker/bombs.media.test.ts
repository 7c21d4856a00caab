// Uploads that are built to cost or to be two things at once: whatever becomes of them, the worker
// stays within its bounds, and nothing is tried again that can only fail again.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { TakeFailure } from '#domain/story/take.ts';
import { MediaRefused } from './ffmpeg/failures.ts';
import type { Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { makeStem } from './stem.ts';
import { wavFile } from './testing/files.ts';
import {
  chunk,
  flacOfSamples,
  patched,
  SAMPLES,
  silentHours,
  soundFiles,
  type Encoding,
  wavWith,
  zipOfNothing,
} from './testing/hostile-files.ts';
import { babble, randomFrom } from './testing/signals.ts';
import { anyTool, testTools } from './testing/tools.ts';
import { watched, type Peak } from './testing/watch.ts';

const MEBIBYTE = 1024 * 1024;
const OFFSETS = 20;
/** Samples that a stem may lack at its end and still be whole: see DURATION_SLACK_SECONDS. */
const SLACK_SAMPLES = 16_800;

/** They say nowhere how long they are, so one that was cut is a shorter one. */
const untelling: ReadonlySet<Encoding> = new Set(['oggOpus', 'adts']);

const maker = await anyTool();
const [sound, hours] = await Promise.all([soundFiles(maker), silentHours(maker)]);
const voice = babble(1, SAMPLES);
/** Of whole AAC frames: what cuts off the rest is lost. */
const SAMPLES_OF_FRAMES = 72_704;

type Outcome = TakeFailure | number;

/** Why a file was refused, or how many samples became of it. Anything else is thrown. */
async function outcome(tool: Tool, file: Uint8Array, peak: Peak): Promise<Outcome> {
  return await withJobFolder(async (folder) => {
    await writeFile(join(folder, 'upload'), file);
    try {
      const stem = await watched(peak, folder, () => makeStem(tool, 'upload', { folder }));
      return stem.durationSamples;
    } catch (error) {
      if (error instanceof MediaRefused) return error.reason;
      throw error;
    }
  });
}

/** Places all over a file. */
function offsetsIn({ length }: Uint8Array): number[] {
  return Array.from({ length: OFFSETS }, (_, step) =>
    Math.floor((length * (step + 0.5)) / OFFSETS),
  );
}

/** A few of these, so that among all kinds of files each place is tried. */
function someOffsetsIn(kind: Encoding, file: Uint8Array): number[] {
  const turn = [...sound.keys()].indexOf(kind);
  return offsetsIn(file).filter((_, step) => step % sound.size === turn);
}

/** A WAV whose format says anything. */
function wavThatSays(fmt: { channels: number; rate: number; align: number; bits: number }): Buffer {
  const file = wavFile(voice);
  file.writeUInt16LE(fmt.channels, 22);
  file.writeUInt32LE(fmt.rate, 24);
  file.writeUInt16LE(fmt.align, 32);
  file.writeUInt16LE(fmt.bits, 34);
  return file;
}
const id3OfHugeSize = Buffer.concat([
  Buffer.from('4944330400007f7f7f7f', 'hex'),
  sound.get('mp3') ?? Buffer.alloc(0),
]);
const html = Buffer.from('<!doctype html><script>alert(1)</script>');

const files: readonly (readonly [string, Uint8Array, readonly Outcome[]])[] = [
  ['two hours of silence that say so', hours['honest'] ?? html, ['too_long']],
  [
    'a WAV of 65,535 channels',
    wavThatSays({ channels: 65_535, rate: 48_000, align: 2, bits: 16 }),
    ['not_audio', 'silent_stream', 'truncated'],
  ],
  [
    'a WAV of frames without bytes',
    wavThatSays({ channels: 1, rate: 48_000, align: 0, bits: 0 }),
    ['not_audio', 'silent_stream', 'truncated', 'empty'],
  ],
  [
    'a WAV of two gigahertz',
    wavThatSays({ channels: 1, rate: 2_000_000_000, align: 2, bits: 16 }),
    ['not_audio', 'too_short'],
  ],
  [
    'a FLAC that says it lasts for days',
    flacOfSamples(sound.get('flac') ?? html, 0xff_ff_ff_ff),
    ['too_long', 'truncated'],
  ],
  [
    'an MP4 of a billion samples',
    patched(sound.get('m4a'), 'stsz', { at: 12, value: 0x3f_ff_ff_ff }),
    ['truncated', 'not_audio', 'silent_stream', 'empty'],
  ],
  [
    'an MP4 of a billion chunks',
    patched(sound.get('m4a'), 'stco', { at: 8, value: 0x3f_ff_ff_ff }),
    ['truncated', 'not_audio', 'silent_stream', 'empty'],
  ],
  [
    'an MP4 whose index is larger than the file',
    patched(sound.get('m4a'), 'moov', { at: -4, value: 0x7f_ff_ff_ff }),
    ['truncated', 'not_audio', SAMPLES_OF_FRAMES],
  ],
  ['an MP3 behind a tag of 256 MB', id3OfHugeSize, ['not_audio', 'truncated', 'silent_stream']],
  ['an archive before a WAV', Buffer.concat([zipOfNothing(), wavFile(voice)]), ['not_audio']],
  ['a page before an MP3', Buffer.concat([html, sound.get('mp3') ?? html]), ['not_audio']],
  // Two things at once, and the first of them is a recording: it is taken, the rest is not heard.
  ['a WAV before an archive', Buffer.concat([wavFile(voice), zipOfNothing()]), [SAMPLES]],
  ['a WAV with a page in it', wavWith(chunk('LIST', html), voice), [SAMPLES]],
  [
    'known failure 36: a WAV whose header says four gigabytes',
    wavFile(voice, { claimedBytes: 0xff_ff_ff_ff - 36 }),
    [SAMPLES],
  ],
  [
    'known failure 39: a WAV with the word "data" and a length in another chunk',
    wavWith(chunk('LIST', Buffer.from('fmt data\u0010\0\0\0fmt ', 'latin1')), voice),
    [SAMPLES],
  ],
  ['192 kHz in stereo', wavFile(babble(2, 192_000), { rate: 192_000, channels: 2 }), [24_000]],
  [
    '96 kHz in eight channels',
    wavFile(babble(3, 768_000), { rate: 96_000, channels: 8 }),
    [48_000],
  ],
];

/** What can only be known by decoding it, so it costs as much as the longest take. */
const untold = ['unsaid', 'understated', 'timeless'] as const;

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`on ${name} ffmpeg (${why})`, () => {
    const peak: Peak = { programBytes: 0, ownBytes: 0, folderBytes: 0 };
    // The other one has the same demuxers, and takes longer to start than to look at these files.
    const isFirst = tool?.ffmpeg.kind === maker.ffmpeg.kind;

    test.each(files)('%s ends as it must', async (_, file, outcomes) => {
      if (tool === null) return;
      expect(outcomes).toContain(await outcome(tool, file, peak));
    });

    test.each(isFirst ? untold : untold.slice(0, 1))(
      'two hours of silence, %s, are decoded as far as a take may reach, and refused',
      async (how) => {
        if (tool === null) return;
        expect(await outcome(tool, hours[how] ?? html, peak)).toBe('too_long');
      },
    );

    test.each([...sound])(
      '%s that breaks off anywhere is refused or whole',
      async (kind, whole) => {
        if (tool === null) return;
        const least = untelling.has(kind) ? 0 : SAMPLES - SLACK_SAMPLES;
        for (const at of isFirst ? offsetsIn(whole) : someOffsetsIn(kind, whole)) {
          const ended = await outcome(tool, whole.subarray(0, at), peak);
          const kept = typeof ended === 'number' ? ended : SAMPLES;
          expect([at, kept]).toEqual([at, Math.max(kept, least)]);
        }
      },
    );

    test('a file with bytes changed at random is refused, or becomes a stem', async () => {
      if (tool === null) return;
      const random = randomFrom(11);
      for (const whole of sound.values()) {
        const damaged = Buffer.from(whole);
        for (let times = 0; times < 12; times += 1) {
          damaged.writeUInt8(Math.floor(random() * 256), Math.floor(random() * damaged.length));
        }
        // Anything else that it threw would be tried again.
        await expect(outcome(tool, damaged, peak)).resolves.toBeDefined();
      }
    });

    test('none of all these took more than its share of memory and of the disk', (context) => {
      if (tool === null || process.platform !== 'linux') return context.skip('not measured here');
      console.info(`${name}: at most ${JSON.stringify(peak)}`);
      expect(peak.programBytes).toBeLessThan((name === 'native' ? 300 : 700) * MEBIBYTE);
      expect(peak.ownBytes).toBeLessThan(200 * MEBIBYTE);
      expect(peak.folderBytes).toBeLessThan((64 + 2 * 58) * MEBIBYTE);
    });
  });
}
