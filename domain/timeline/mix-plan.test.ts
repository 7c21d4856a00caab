import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pathArbitrary, placePath, type PathTake } from '../../tests/arbitraries/paths.ts';
import { endOf } from './duet.ts';
import { SEGMENT_SAMPLES } from './grid.ts';
import { mixKeyText, RENDER_VERSION } from './mix-key.ts';
import { planRegion, type MixPlan, type MixSource } from './mix-plan.ts';

const sourcesOf = (path: readonly PathTake[]): MixSource[] =>
  path.map((take, index) => ({
    ...take,
    stem: take.kind === 'text' ? null : { sha256: `stem-${index}`, gainDb: index / 4 },
  }));

const sources = pathArbitrary.map(sourcesOf);
const lead = fc.constantFrom(0, 1, 2);
const takeOf = (path: readonly MixSource[]): MixSource => {
  const take = path.at(-1);
  if (take === undefined) throw new Error('an empty path');
  return take;
};

const voicesOf = (count: number): MixSource[] =>
  sourcesOf(
    placePath(
      Array.from({ length: count }, () => ({
        kind: 'voice' as const,
        tailSamples: SEGMENT_SAMPLES + 7,
      })),
    ),
  );

describe('the plan of a region', () => {
  it('spans from the grid line before the take, less the run-up, to its end', () => {
    fc.assert(
      fc.property(sources, lead, (path, leadSegments) => {
        const take = takeOf(path);
        const plan = planRegion(path, leadSegments);
        expect(plan.startSamples).toBe(plan.firstSegment * SEGMENT_SAMPLES);
        expect(plan.startSamples + plan.durationSamples).toBe(endOf(take));
        const runUp = take.startSamples - plan.startSamples;
        expect(runUp).toBeGreaterThanOrEqual(leadSegments * SEGMENT_SAMPLES);
        expect(runUp).toBeLessThan((leadSegments + 1) * SEGMENT_SAMPLES);
      }),
    );
  });

  it('holds exactly what sounds in it: each stem’s part, whole, in order, at its place', () => {
    fc.assert(
      fc.property(sources, lead, (path, leadSegments) => {
        const plan = planRegion(path, leadSegments);
        const end = plan.startSamples + plan.durationSamples;
        const expected = path.flatMap((source) => {
          const from = Math.max(source.startSamples, plan.startSamples);
          const to = Math.min(endOf(source), end);
          if (source.stem === null || to <= from) return [];
          return [[source.id, source.stem.sha256, from, to, source.stem.gainDb]];
        });
        const planned = plan.clips.map((clip) => {
          const from = plan.startSamples + clip.atSamples;
          return [clip.takeId, clip.stemSha256, from, from + clip.durationSamples, clip.gainDb];
        });
        expect(planned).toEqual(expected);
      }),
    );
  });

  it('keeps every clip inside its stem and inside the region, and fades only at stem ends', () => {
    fc.assert(
      fc.property(sources, lead, (path, leadSegments) => {
        const plan = planRegion(path, leadSegments);
        for (const clip of plan.clips) {
          const source = path.find(({ id }) => id === clip.takeId);
          const length = source?.durationSamples ?? 0;
          expect(clip.durationSamples).toBeGreaterThan(0);
          expect(clip.atSamples).toBeGreaterThanOrEqual(0);
          expect(clip.atSamples + clip.durationSamples).toBeLessThanOrEqual(plan.durationSamples);
          expect(clip.fromSamples + clip.durationSamples).toBeLessThanOrEqual(length);
          expect(plan.startSamples + clip.atSamples).toBe(
            (source?.startSamples ?? 0) + clip.fromSamples,
          );
          expect(clip.fadeIn).toBe(clip.fromSamples === 0);
          expect(clip.fadeOut).toBe(clip.fromSamples + clip.durationSamples === length);
        }
      }),
    );
  });

  it('never has more than two clips at once', () => {
    fc.assert(
      fc.property(sources, lead, (path, leadSegments) => {
        const { clips } = planRegion(path, leadSegments);
        for (const { atSamples: at } of clips) {
          const sounding = clips.filter(
            (clip) => clip.atSamples <= at && at < clip.atSamples + clip.durationSamples,
          );
          expect(sounding.length).toBeLessThanOrEqual(2);
        }
      }),
    );
  });

  it('is as small after a thousand takes as after ten', () => {
    const { clips } = planRegion(voicesOf(1000), 1);
    expect(clips.length).toBeLessThanOrEqual(4);
    expect(planRegion(voicesOf(10), 1).clips).toHaveLength(clips.length);
  });

  it('is the same whatever the ancestors before its region sound like', () => {
    fc.assert(
      fc.property(sources, (path) => {
        const plan = planRegion(path);
        const others = path.map((source) =>
          endOf(source) <= plan.startSamples && source.stem !== null
            ? { ...source, stem: { sha256: 'another', gainDb: -60 } }
            : source,
        );
        expect(planRegion(others)).toEqual(plan);
      }),
    );
  });

  it('begins with silence where the run-up lies before the path', () => {
    const [seed] = sourcesOf(placePath([{ kind: 'voice', tailSamples: 1000 }]));
    const plan = planRegion(seed === undefined ? [] : [seed], 1);
    expect(plan.firstSegment).toBe(-1);
    expect(plan.clips.map(({ atSamples }) => atSamples)).toEqual([SEGMENT_SAMPLES]);
  });

  it('of a written seed holds no clip', () => {
    const path = sourcesOf(placePath([{ kind: 'text', tailSamples: 96_000 }]));
    expect(planRegion(path)).toMatchObject({ durationSamples: 96_000, clips: [] });
  });

  it('of no path is a fault', () => {
    expect(() => planRegion([])).toThrow(RangeError);
  });
});

describe('the key of a mix', () => {
  it('is the same for the same sound, whoever’s takes they are', () => {
    fc.assert(
      fc.property(sources, (path) => {
        const plan = planRegion(path);
        const clips = plan.clips.map((clip) => ({ ...clip, takeId: takeOf(path).id }));
        expect(mixKeyText({ ...plan, clips })).toBe(mixKeyText(planRegion(path)));
      }),
    );
  });

  it('is another for every difference that can be heard', () => {
    const path = sourcesOf(
      placePath([
        { kind: 'voice', tailSamples: 100_000 },
        { kind: 'voice', tailSamples: 50_000 },
      ]),
    );
    const plan = planRegion(path);
    const [first, ...rest] = plan.clips;
    if (first === undefined) throw new Error('no clip');
    const withFirst = (change: object): MixPlan => ({
      ...plan,
      clips: [{ ...first, ...change }, ...rest],
    });
    const variants: MixPlan[] = [
      plan,
      { ...plan, startSamples: plan.startSamples + 1 },
      { ...plan, durationSamples: plan.durationSamples + 1 },
      { ...plan, clips: rest },
      { ...plan, clips: plan.clips.toReversed() },
      withFirst({ stemSha256: 'other' }),
      withFirst({ fromSamples: 1 }),
      withFirst({ durationSamples: 1 }),
      withFirst({ atSamples: 1 }),
      withFirst({ gainDb: 0.1 }),
      withFirst({ fadeIn: !first.fadeIn }),
      withFirst({ fadeOut: !first.fadeOut }),
    ];
    expect(new Set(variants.map(mixKeyText)).size).toBe(variants.length);
  });

  it('has not changed since it was first written to a store', () => {
    const plan = planRegion(sourcesOf(placePath([{ kind: 'voice', tailSamples: 96_000 }])));
    // Another text for the same plan orphans every stored mix: raise RENDER_VERSION instead.
    expect(mixKeyText(plan)).toBe(`[${RENDER_VERSION},0,96000,[["stem-0",0,96000,0,0,true,true]]]`);
  });
});
