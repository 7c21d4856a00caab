import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pathArbitrary,
  placePath,
  stepArbitrary,
  voicePathArbitrary,
} from '../../tests/arbitraries/paths.ts';
import { endOf, fit, readingTime, startFor, tailOf, type Span } from './duet.ts';
import { MAX_PATH_SAMPLES, SAMPLE_RATE } from './samples.ts';

const seconds = (startS: number, durationS: number): Span => ({
  startSamples: startS * SAMPLE_RATE,
  durationSamples: durationS * SAMPLE_RATE,
});

const overlap = (a: Span, b: Span): Span => {
  const startSamples = Math.max(a.startSamples, b.startSamples);
  const durationSamples = Math.max(0, Math.min(endOf(a), endOf(b)) - startSamples);
  return { startSamples, durationSamples };
};

const take = (durationSamples: number): Span => ({ startSamples: 0, durationSamples });

describe('the timeline rule', () => {
  it('starts the first two voices at 0, and each later one where its grandparent ends', () => {
    const a = seconds(0, 10);
    const b = seconds(0, 14);
    const c = seconds(10, 9);
    expect(startFor('voice', { parent: null, grandparent: null })).toBe(0);
    expect(startFor('voice', { parent: a, grandparent: null })).toBe(0);
    expect(startFor('voice', { parent: b, grandparent: a })).toBe(10 * SAMPLE_RATE);
    expect(startFor('voice', { parent: c, grandparent: b })).toBe(14 * SAMPLE_RATE);
  });

  it('starts words where their parent ends', () => {
    const parent = seconds(3, 4);
    expect(startFor('text', { parent, grandparent: seconds(0, 3) })).toBe(7 * SAMPLE_RATE);
    expect(startFor('text', { parent: null, grandparent: null })).toBe(0);
  });

  it('refuses the take that would leave its child without a parent to touch', () => {
    // 20 s, then 5 s over it: the third would start at 20 s, when the second has long ended.
    const answer = fit(seconds(0, 5), seconds(0, 20));
    expect(answer).toEqual({
      fits: false,
      why: 'too_short',
      missingSamples: 15 * SAMPLE_RATE + 1,
    });
  });

  it('wants exactly one sample more than the parent', () => {
    const parent = { startSamples: 0, durationSamples: 100 };
    expect(fit(take(100), parent)).toEqual({ fits: false, why: 'too_short', missingSamples: 1 });
    expect(fit(take(101), parent)).toEqual({ fits: true });
    expect(fit(take(0), null)).toEqual({ fits: false, why: 'too_short', missingSamples: 1 });
    expect(fit(take(1), null)).toEqual({ fits: true });
  });

  it('known failure 45: refuses a path that no integer column can hold', () => {
    const take = { startSamples: MAX_PATH_SAMPLES - 10, durationSamples: 10 };
    expect(fit(take, null)).toEqual({ fits: true });
    expect(fit({ ...take, durationSamples: 11 }, null)).toEqual({
      fits: false,
      why: 'path_too_long',
    });
  });

  it('adding what is missing makes a take fit, and one sample less does not', () => {
    const span = fc.record({
      startSamples: fc.nat({ max: 1_000_000 }),
      durationSamples: fc.nat({ max: 1_000_000 }),
    });
    fc.assert(
      fc.property(span, span, (take, parent) => {
        const answer = fit(take, parent);
        const missing = !answer.fits && answer.why === 'too_short' ? answer.missingSamples : 0;
        const longer = (more: number) => ({
          ...take,
          durationSamples: take.durationSamples + more,
        });
        expect(fit(longer(missing), parent).fits).toBe(true);
        expect(missing === 0 || !fit(longer(missing - 1), parent).fits).toBe(true);
      }),
    );
  });
});

describe('on every path that keeps the rules', () => {
  it('each take fits, and ends strictly after the one before', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        for (const [index, take] of path.entries()) {
          const parent = path[index - 1] ?? null;
          expect(fit(take, parent)).toEqual({ fits: true });
          expect(endOf(take)).toBeGreaterThan(parent === null ? 0 : endOf(parent));
        }
      }),
    );
  });

  it('a voice sounds over exactly its parent’s tail, and words over nothing', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        for (const [index, take] of path.entries()) {
          const parent = path[index - 1];
          if (parent === undefined) continue;
          const tail = tailOf(parent, path[index - 2] ?? null);
          expect(overlap(take, parent).durationSamples).toBe(
            take.kind === 'voice' ? tail.durationSamples : 0,
          );
          expect(overlap(take, parent).startSamples).toBe(
            take.kind === 'voice' ? tail.startSamples : endOf(parent),
          );
        }
      }),
    );
  });

  it('no more than two takes sound at once, and only one in the last tail', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        const soundingAt = (at: number) =>
          path.filter((take) => take.startSamples <= at && at < endOf(take)).length;
        // The count rises only where a take starts.
        for (const take of path) expect(soundingAt(take.startSamples)).toBeLessThanOrEqual(2);
        const last = path.at(-1);
        expect(soundingAt(last === undefined ? 0 : endOf(last) - 1)).toBe(1);
        const before = path.at(-2);
        expect(before === undefined ? 1 : soundingAt(endOf(before))).toBe(1);
      }),
    );
  });

  it('something stands at every instant', () => {
    fc.assert(
      fc.property(pathArbitrary, (path) => {
        for (const [index, take] of path.entries()) {
          const reached = Math.max(0, ...path.slice(0, index).map(endOf));
          expect(take.startSamples).toBeLessThanOrEqual(reached);
        }
      }),
    );
  });

  it('voices make two lanes without gaps', () => {
    fc.assert(
      fc.property(voicePathArbitrary, (path) => {
        for (const [index, take] of path.entries()) {
          const before = path[index - 2];
          expect(take.startSamples).toBe(before === undefined ? 0 : endOf(before));
        }
      }),
    );
  });

  it('siblings of a kind share one start, however long they are', () => {
    const steps = fc.array(stepArbitrary, { maxLength: 6 });
    fc.assert(
      fc.property(
        steps,
        stepArbitrary,
        fc.integer({ min: 1, max: 9_999_999 }),
        (above, last, tail) => {
          const one = placePath([...above, last]).at(-1);
          const other = placePath([...above, { ...last, tailSamples: tail }]).at(-1);
          expect(one?.startSamples).toBe(other?.startSamples);
        },
      ),
    );
  });

  it('a tail begins where the parent ends, and is what the take adds', () => {
    fc.assert(
      fc.property(fc.array(stepArbitrary, { minLength: 1, maxLength: 8 }), (steps) => {
        const path = placePath(steps);
        for (const [index, take] of path.entries()) {
          const tail = tailOf(take, path[index - 1] ?? null);
          expect(tail.durationSamples).toBe(steps[index]?.tailSamples);
          expect(endOf(tail)).toBe(endOf(take));
        }
      }),
    );
  });
});

describe('reading time', () => {
  it('is a minute for 160 words, and two seconds at least', () => {
    expect(readingTime('word '.repeat(160))).toBe(60 * SAMPLE_RATE);
    expect(readingTime('')).toBe(2 * SAMPLE_RATE);
    expect(readingTime('  one\n\ttwo  ')).toBe(2 * SAMPLE_RATE);
  });

  it('is a whole number that grows with the words and ignores the space between them', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3_000 }), fc.constantFrom(' ', '\n', ' \t '), (words, space) => {
        const text = Array.from({ length: words }, () => 'a').join(space);
        expect(Number.isSafeInteger(readingTime(text))).toBe(true);
        expect(readingTime(text)).toBe(readingTime(text.replaceAll(/\s+/gu, ' ')));
        expect(readingTime(`${text} a`)).toBeGreaterThanOrEqual(readingTime(text));
      }),
    );
  });
});
