import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { pathArbitrary, placePath, type PathTake } from '../../tests/arbitraries/paths.ts';
import { endOf } from './duet.ts';
import { segmentAt, segmentStart, SEGMENT_SAMPLES } from './grid.ts';
import { packSchema, stretchesOf, type RenderedTake } from './path-packs.ts';

const INIT_BYTES = 700;

/** What the renderer makes of a take: fragments from its first segment to its end. */
function render(take: PathTake): RenderedTake {
  const firstSegment = segmentAt(take.startSamples);
  const count = Math.ceil(endOf(take) / SEGMENT_SAMPLES) - firstSegment;
  let offset = INIT_BYTES;
  const segments = Array.from({ length: count }, (_, index) => {
    const start = segmentStart(firstSegment + index);
    const bytes = 100 + index;
    const segment = {
      offset,
      bytes,
      durationSamples: Math.min(SEGMENT_SAMPLES, endOf(take) - start),
    };
    offset += bytes;
    return segment;
  });
  const objectKey = `mixes/${take.id}`;
  const pack = { objectKey, sha256: 'x', bytes: offset, initBytes: INIT_BYTES, segments };
  return { takeId: take.id, startSamples: take.startSamples, firstSegment, pack };
}

describe('the stretches of a path', () => {
  it('cover its clock from 0 to its end, without gap or overlap', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        const rendered = path.map(render);
        let clock = 0;
        for (const stretch of stretchesOf(rendered)) {
          const take = rendered.find(({ takeId }) => takeId === stretch.takeId);
          const index = take?.pack.segments.findIndex(({ offset }) => offset === stretch.offset);
          // Where this fragment lies on the path's clock is where the last one ended.
          expect(segmentStart((take?.firstSegment ?? -1) + (index ?? -1))).toBe(clock);
          clock += stretch.segments.reduce((sum, segment) => sum + segment.durationSamples, 0);
        }
        const last = path.at(-1);
        expect(clock).toBe(last === undefined ? 0 : endOf(last));
      }),
    );
  });

  it('hold only whole segments before the last', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        const durations = stretchesOf(path.map(render))
          .flatMap(({ segments }) => segments)
          .map(({ durationSamples }) => durationSamples);
        expect(new Set(durations.slice(0, -1))).toEqual(
          new Set(durations.length > 1 ? [SEGMENT_SAMPLES] : []),
        );
      }),
    );
  });

  it('are byte ranges inside their packs, past the init section', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        const rendered = path.map(render);
        for (const { takeId, objectKey, offset, bytes, segments } of stretchesOf(rendered)) {
          const pack = rendered.find((take) => take.takeId === takeId)?.pack;
          expect(objectKey).toBe(pack?.objectKey);
          expect(offset).toBeGreaterThanOrEqual(INIT_BYTES);
          expect(offset + bytes).toBeLessThanOrEqual(pack?.bytes ?? 0);
          expect(bytes).toBe(segments.reduce((sum, segment) => sum + segment.bytes, 0));
        }
      }),
    );
  });

  it('of a longer path share all that is before the fork', () => {
    const path = placePath([
      { kind: 'voice', tailSamples: 5 * SEGMENT_SAMPLES },
      { kind: 'voice', tailSamples: 3 * SEGMENT_SAMPLES + 5 },
      { kind: 'voice', tailSamples: 2 * SEGMENT_SAMPLES },
    ]).map(render);
    // The first two both start at 0, so nothing of the seed's own render is heard.
    expect(stretchesOf(path).map(({ takeId, segments }) => [takeId, segments.length])).toEqual([
      [path[1]?.takeId, 5],
      [path[2]?.takeId, 6],
    ]);
    expect(stretchesOf([])).toEqual([]);
  });
});

it('a pack as it is stored parses, and one that is damaged does not', () => {
  const [take] = placePath([{ kind: 'voice', tailSamples: 100_000 }]);
  const pack = take === undefined ? null : render(take).pack;
  expect(v.parse(packSchema, JSON.parse(JSON.stringify(pack)))).toEqual(pack);
  expect(v.is(packSchema, { ...pack, initBytes: -1 })).toBe(false);
  expect(v.is(packSchema, { ...pack, segments: [{ offset: 0.5, bytes: 1 }] })).toBe(false);
});
