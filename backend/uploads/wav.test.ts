import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDiskPeer, type DiskPeer } from '../storage/disk-server.ts';
import { readWavSamples } from './wav.ts';

interface Format {
  readonly tag: number;
  readonly channels: number;
  readonly rate: number;
  readonly bits: number;
  /** Present in WAVE_FORMAT_EXTENSIBLE. */
  readonly subFormat?: number;
}

const mono16: Format = { tag: 1, channels: 1, rate: 48_000, bits: 16 };

function chunk(id: string, body: Uint8Array, size = body.byteLength): Buffer {
  const head = Buffer.alloc(8);
  head.write(id, 0, 'latin1');
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.byteLength % 2)]);
}

function formatChunk({ tag, channels, rate, bits, subFormat }: Format): Buffer {
  const body = Buffer.alloc(subFormat === undefined ? 16 : 40);
  body.writeUInt16LE(tag, 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * channels * bits) / 8, 8);
  body.writeUInt16LE((channels * bits) / 8, 12);
  body.writeUInt16LE(bits, 14);
  if (subFormat !== undefined) body.writeUInt16LE(subFormat, 24);
  return chunk('fmt ', body);
}

function riff(...chunks: Buffer[]): Buffer {
  return chunk('RIFF', Buffer.concat([Buffer.from('WAVE'), ...chunks]));
}

describe('the length of a WAV', () => {
  let peer: DiskPeer;
  beforeAll(async () => {
    peer = await startDiskPeer();
  });
  afterAll(() => peer.close());

  const lengthOf = async (file: Uint8Array): Promise<number | null> => {
    const key = `wav/${randomUUID()}`;
    await peer.store.put(key, file, { contentType: 'audio/wav' });
    return readWavSamples(peer.store, key);
  };

  it('is exact for every plain format, whatever chunks stand before the data', async () => {
    const format = fc.oneof(
      fc.record({
        tag: fc.constant(1),
        channels: fc.constantFrom(1, 2),
        rate: fc.constant(48_000),
        bits: fc.constantFrom(16, 24, 32),
      }),
      fc.constant({ tag: 3, channels: 2, rate: 48_000, bits: 32 }),
      fc.constant({ tag: 0xfffe, channels: 1, rate: 48_000, bits: 24, subFormat: 1 }),
    );
    const other = fc.record({
      id: fc.constantFrom('LIST', 'bext', 'JUNK', 'fact'),
      body: fc.uint8Array({ maxLength: 60 }),
    });
    await fc.assert(
      fc.asyncProperty(
        format,
        fc.integer({ min: 1, max: 2_000 }),
        fc.array(other, { maxLength: 4 }),
        async (facts, samples, others) => {
          const extra = others.map(({ id, body }) => chunk(id, body));
          const data = Buffer.alloc((samples * facts.channels * facts.bits) / 8, 0x64);
          const file = riff(...extra, formatChunk(facts), ...extra, chunk('data', data), ...extra);
          expect(await lengthOf(file)).toBe(samples);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('known failure 39: is not fooled by the word "data" inside another chunk', async () => {
    const bait = chunk('LIST', Buffer.concat([Buffer.from('xxdata'), Buffer.alloc(20)]));
    const file = riff(bait, formatChunk(mono16), chunk('data', Buffer.alloc(480)));
    expect(await lengthOf(file)).toBe(240);
  });

  it.each<[string, Buffer]>([
    [
      'another sample rate',
      riff(formatChunk({ ...mono16, rate: 44_100 }), chunk('data', Buffer.alloc(8))),
    ],
    ['a rate of 1 Hz', riff(formatChunk({ ...mono16, rate: 1 }), chunk('data', Buffer.alloc(8)))],
    ['eight bits', riff(formatChunk({ ...mono16, bits: 8 }), chunk('data', Buffer.alloc(8)))],
    [
      'three channels',
      riff(formatChunk({ ...mono16, channels: 3 }), chunk('data', Buffer.alloc(12))),
    ],
    ['no channel', riff(formatChunk({ ...mono16, channels: 0 }), chunk('data', Buffer.alloc(12)))],
    [
      'a compressed format',
      riff(formatChunk({ ...mono16, tag: 85 }), chunk('data', Buffer.alloc(8))),
    ],
    ['data that breaks off', riff(formatChunk(mono16), chunk('data', Buffer.alloc(8), 10))],
    [
      'a data size of a stream',
      riff(formatChunk(mono16), chunk('data', Buffer.alloc(8), 0xffffffff)),
    ],
    ['half a sample', riff(formatChunk(mono16), chunk('data', Buffer.alloc(9)))],
    ['no sample', riff(formatChunk(mono16), chunk('data', Buffer.alloc(0)))],
    ['data before the format', riff(chunk('data', Buffer.alloc(8)), formatChunk(mono16))],
    ['two formats', riff(formatChunk(mono16), formatChunk(mono16), chunk('data', Buffer.alloc(8)))],
    ['no data', riff(formatChunk(mono16))],
    ['RF64', chunk('RF64', Buffer.concat([Buffer.from('WAVE'), formatChunk(mono16)]))],
    ['an empty file', Buffer.alloc(0)],
    ['a playlist', Buffer.from('#EXTM3U\n/etc/passwd\n')],
  ])('is unknown for %s', async (_what, file) => {
    expect(await lengthOf(file)).toBeNull();
  });

  it('is unknown, never an error, for any bytes and for no object', async () => {
    expect(await readWavSamples(peer.store, 'wav/none')).toBeNull();
    const good = riff(formatChunk(mono16), chunk('data', Buffer.alloc(480)));
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 60 }),
        fc.nat({ max: good.byteLength }),
        async (noise, at) => {
          const samples = await lengthOf(Buffer.concat([good.subarray(0, at), noise]));
          expect(samples === null || Number.isInteger(samples)).toBe(true);
        },
      ),
      { numRuns: 100 },
    );
  });
});
