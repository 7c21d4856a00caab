import { expect, test } from 'vitest';
import { findBox, readBoxes } from '#domain/media/boxes.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { FRAME_SAMPLES, framesFor, initSection, writePack } from './fmp4.ts';

const framesOf = (codec: 'aac' | 'opus', durationSamples: number): Uint8Array[] =>
  Array.from({ length: framesFor(codec, durationSamples) }, (_, index) =>
    new Uint8Array(1 + (index % 7)).fill(index),
  );

function fieldsOf(
  pack: Uint8Array,
  index: number,
  segments: readonly { offset: number; bytes: number }[],
) {
  const { offset = 0, bytes = 0 } = segments[index] ?? {};
  const fragment = pack.subarray(offset, offset + bytes);
  const view = new DataView(fragment.buffer, fragment.byteOffset, fragment.byteLength);
  const [tfdt, trun] = [
    ['moof', 'traf', 'tfdt'],
    ['moof', 'traf', 'trun'],
  ].map((path) => findBox(fragment, path));
  if (!tfdt || !trun) throw new Error('a box is missing');
  const count = view.getUint32(trun.payload + 4);
  const entries = Array.from({ length: count }, (_, entry) => ({
    samples: view.getUint32(trun.payload + 12 + entry * 8),
    bytes: view.getUint32(trun.payload + 16 + entry * 8),
  }));
  const data = view.getUint32(trun.payload + 8);
  return {
    types: readBoxes(fragment).map(({ type }) => type),
    time: Number(view.getBigUint64(tfdt.payload + 4)),
    entries,
    data,
    fragment,
  };
}

for (const codec of ['aac', 'opus'] as const) {
  test(`a ${codec} pack has one fragment per segment, at its time on the path's clock`, () => {
    const durationSamples = 2 * SEGMENT_SAMPLES + 12_345;
    const frames = framesOf(codec, durationSamples);
    const pack = writePack(codec, frames, { firstSegment: 50_000, durationSamples });
    expect(pack.segments.map((segment) => segment.durationSamples)).toEqual([
      SEGMENT_SAMPLES,
      SEGMENT_SAMPLES,
      12_345,
    ]);
    let sample = 0;
    pack.segments.forEach((segment, index) => {
      const { types, time, entries, data, fragment } = fieldsOf(pack.bytes, index, pack.segments);
      expect(types).toEqual(['moof', 'mdat']);
      expect(time).toBe((50_000 + index) * SEGMENT_SAMPLES);
      expect(entries.reduce((sum, entry) => sum + entry.samples, 0)).toBe(segment.durationSamples);
      expect(fragment.subarray(data, data + (entries[0]?.bytes ?? 0))).toEqual(frames[sample]);
      sample += entries.length;
    });
    expect(sample).toBe(frames.length);
    const last = pack.segments.at(-1);
    expect((last?.offset ?? 0) + (last?.bytes ?? 0)).toBe(pack.bytes.length);
  });

  test(`the init section of ${codec} is the same in every pack, and a run of whole boxes`, () => {
    const durationSamples = FRAME_SAMPLES[codec];
    const pack = writePack(codec, framesOf(codec, durationSamples), {
      firstSegment: 3,
      durationSamples,
    });
    const init = pack.bytes.subarray(0, pack.initBytes);
    expect(init).toEqual(initSection(codec));
    expect(readBoxes(init).map(({ type }) => type)).toEqual(['ftyp', 'moov']);
    expect(findBox(init, ['moov', 'trak', 'mdia', 'minf', 'stbl', 'stsd'])).not.toBeNull();
  });
}

test('frames that cannot hold the region are refused', () => {
  const wrong = framesOf('aac', 2_048);
  expect(() => writePack('aac', wrong, { firstSegment: 0, durationSamples: 1_024 })).toThrow(
    RangeError,
  );
});
