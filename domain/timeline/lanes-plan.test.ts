import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  pathArbitrary,
  placePath,
  voicePathArbitrary,
  type PathTake,
} from '../../tests/arbitraries/paths.ts';
import { endOf } from './duet.ts';
import { laneLength, laneParts, lanesPlanSchema, planLanes, type Lane } from './lanes-plan.ts';
import type { MixSource } from './mix-plan.ts';

const sourcesOf = (path: readonly PathTake[]): MixSource[] =>
  path.map((take, index) => ({
    ...take,
    stem: take.kind === 'text' ? null : { sha256: `stem-${index}`, gainDb: index / 4 },
  }));

/** Where each piece of a lane begins and ends on the path. */
function placesOf(lane: Lane) {
  let at = 0;
  return lane.map(({ stemSha256, gapSamples, durationSamples, gainDb }) => {
    const startSamples = at + gapSamples;
    at = startSamples + durationSamples;
    return { stemSha256, startSamples, endSamples: at, gainDb };
  });
}

describe('the lanes of a path', () => {
  it('hold every stem once, whole, at its sample and with its gain', () => {
    fc.assert(
      fc.property(pathArbitrary.map(sourcesOf), (path) => {
        const planned = planLanes(path).lanes.flatMap(placesOf);
        const wanted = path.flatMap((source) =>
          source.stem === null
            ? []
            : [
                {
                  stemSha256: source.stem.sha256,
                  startSamples: source.startSamples,
                  endSamples: endOf(source),
                  gainDb: source.stem.gainDb,
                },
              ],
        );
        expect(new Set(planned)).toEqual(new Set(wanted));
        expect(planned).toHaveLength(wanted.length);
      }),
    );
  });

  it('have no overlap within a lane, end with the path, and survive their storage', () => {
    fc.assert(
      fc.property(pathArbitrary.map(sourcesOf), (path) => {
        const plan = planLanes(path);
        for (const lane of plan.lanes) {
          for (const piece of lane) expect(piece.gapSamples).toBeGreaterThanOrEqual(0);
          expect(laneLength(lane)).toBeLessThanOrEqual(plan.durationSamples);
        }
        expect(plan.durationSamples).toBe(Math.max(...path.map(endOf)));
        expect(v.parse(lanesPlanSchema, JSON.parse(JSON.stringify(plan)))).toEqual(plan);
      }),
    );
  });

  it('of voices alone have no gaps', () => {
    fc.assert(
      fc.property(voicePathArbitrary.map(sourcesOf), (path) => {
        const gaps = planLanes(path).lanes.flatMap((lane) => lane.map((it) => it.gapSamples));
        expect(new Set(gaps)).toEqual(new Set([0]));
      }),
    );
  });

  it('of words alone are none, and of no path a fault', () => {
    const words = sourcesOf(placePath([{ kind: 'text', tailSamples: 96_000 }]));
    expect(planLanes(words)).toEqual({ durationSamples: 96_000, lanes: [] });
    expect(() => planLanes([])).toThrow(RangeError);
  });

  it('refuse a path whose rows break the timeline rule', () => {
    const path = sourcesOf(
      placePath([
        { kind: 'voice', tailSamples: 100 },
        { kind: 'voice', tailSamples: 100 },
        { kind: 'voice', tailSamples: 100 },
      ]),
    ).map((take, index) => (index === 2 ? { ...take, startSamples: take.startSamples - 1 } : take));
    expect(() => planLanes(path)).toThrow('overlaps its lane');
  });
});

describe('the parts of a lane', () => {
  it('are the lane, in order, and none is larger than it may be unless it is one piece', () => {
    const limits = fc.record({
      pieces: fc.integer({ min: 1, max: 4 }),
      samples: fc.integer({ min: 1, max: 500_000 }),
    });
    fc.assert(
      fc.property(pathArbitrary.map(sourcesOf), limits, (path, most) => {
        for (const lane of planLanes(path).lanes) {
          const parts = laneParts(lane, most);
          expect(parts.flat()).toEqual(lane);
          for (const part of parts) {
            expect(part.length).toBeLessThanOrEqual(most.pieces);
            expect(part.length === 1 || laneLength(part) <= most.samples).toBe(true);
          }
        }
      }),
    );
  });
});
