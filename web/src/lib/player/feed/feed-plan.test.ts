import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { GRID_SAMPLES, SEGMENT_SAMPLES, segmentAt, segmentStart } from '#domain/timeline/grid.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Segment } from './feed-path.ts';
import {
  isMissing,
  nextStep,
  onGrid,
  type FeedState,
  type Laid,
  type Stretch,
} from './feed-plan.ts';
import { CALM_SAMPLES, DECODED_SAMPLES, turnOf } from './turn.ts';

/** As long as a frame of AAC. */
const FRAME_SAMPLES = GRID_SAMPLES / 15;

/** A path of so many segments; those from `fork` on are `branch`'s own. */
function pathOf(count: number, { branch = 'a', fork = 0, lastSamples = SEGMENT_SAMPLES } = {}) {
  return Array.from({ length: count }, (_, index): Segment => ({
    id: index < fork ? `shared:${index}` : `${branch}:${index}`,
    durationSamples: index === count - 1 ? lastSamples : SEGMENT_SAMPLES,
    source: { kind: 'pack', url: index < fork ? 'shared' : branch, start: index * 10, bytes: 10 },
  }));
}

function endOf(segments: readonly Segment[]): number {
  return segmentStart(segments.length - 1) + (segments.at(-1)?.durationSamples ?? 0);
}

/** A source buffer by the book: frames, each of which knows whose it is. */
class Buffer {
  readonly #frames = new Map<number, { id: string; samples: number }>();
  readonly laid = new Map<number, Laid>();
  lengthSamples = Number.NaN;
  ended = false;

  lay(index: number, segment: Segment, fromSamples: number): void {
    const start = segmentStart(index);
    const end = start + segment.durationSamples;
    for (let at = start; at < end; at += FRAME_SAMPLES) {
      if (at < fromSamples) continue;
      const samples = Math.min(FRAME_SAMPLES, end - at);
      this.#frames.set(at, { id: segment.id, samples });
    }
    this.laid.set(index, { id: segment.id, fromSamples: Math.max(start, fromSamples) });
    this.ended = false;
  }

  layAll({ segments, keepBefore }: FeedState, { index, count }: { index: number; count: number }) {
    for (const [at, segment] of segments.slice(index, index + count).entries())
      this.lay(index + at, segment, keepBefore);
  }

  remove({ from, to }: Stretch): void {
    for (const at of this.#frames.keys()) if (at >= from && at < to) this.#frames.delete(at);
    for (const index of this.laid.keys())
      if (segmentStart(index) < to && segmentStart(index + 1) > from) this.laid.delete(index);
    this.ended = false;
  }

  get held(): Stretch[] {
    const held: { from: number; to: number }[] = [];
    for (const [at, { samples }] of [...this.#frames].toSorted(([a], [b]) => a - b)) {
      const last = held.at(-1);
      if (last !== undefined && last.to === at) last.to = at + samples;
      else held.push({ from: at, to: at + samples });
    }
    return held;
  }

  /** Whose sound is at a place. */
  soundAt(samples: number): string | undefined {
    const at = Math.floor(samples / FRAME_SAMPLES) * FRAME_SAMPLES;
    const frame = this.#frames.get(at);
    return frame !== undefined && samples < at + frame.samples ? frame.id : undefined;
  }
}

interface Listening {
  readonly segments: readonly Segment[];
  readonly positionSamples: number;
  readonly keepBefore?: number;
  readonly aheadSeconds?: number;
  readonly dropsStale?: boolean;
  readonly lacking?: FeedState['lacking'];
}

function stateOf(buffer: Buffer, listening: Listening): FeedState {
  const { segments, positionSamples, keepBefore = 0, aheadSeconds = 20 } = listening;
  return {
    segments,
    endSamples: endOf(segments),
    laid: buffer.laid,
    held: buffer.held,
    positionSamples,
    keepBefore,
    bounds: { aheadSamples: aheadSeconds * SAMPLE_RATE, behindSamples: 10 * SAMPLE_RATE },
    lengthSamples: buffer.lengthSamples,
    ended: buffer.ended,
    dropsStale: listening.dropsStale ?? false,
    lacking: listening.lacking ?? null,
  };
}

/** Does what the plan says until it waits; `watch` looks at the buffer after every step. */
function feed(buffer: Buffer, listening: Listening, watch: () => void = () => undefined): number {
  for (let steps = 0; ; steps += 1) {
    expect(steps, 'the plan comes to rest').toBeLessThan(500);
    const state = stateOf(buffer, listening);
    const step = nextStep(state);
    if (step.do === 'wait') return steps;
    if (step.do === 'lay') buffer.layAll(state, step);
    if (step.do === 'remove') buffer.remove(step);
    if (step.do === 'length') buffer.lengthSamples = state.endSamples;
    if (step.do === 'end') buffer.ended = true;
    watch();
  }
}

const listenerArb = fc.record({
  count: fc.integer({ min: 1, max: 40 }),
  lastSamples: fc.integer({ min: 1, max: SEGMENT_SAMPLES }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

describe('feeding one path', () => {
  test('everything ahead within bounds is held, and no more than one request beyond them', () => {
    fc.assert(
      fc.property(listenerArb, ({ count, lastSamples, share }) => {
        const segments = pathOf(count, { lastSamples });
        const positionSamples = Math.floor(share * (endOf(segments) - 1));
        const buffer = new Buffer();
        feed(buffer, { segments, positionSamples });
        const until = Math.min(endOf(segments), positionSamples + 20 * SAMPLE_RATE);
        expect(buffer.held).toHaveLength(1);
        expect(buffer.held[0]?.from).toBeLessThanOrEqual(positionSamples);
        expect(buffer.held[0]?.to).toBeGreaterThanOrEqual(until);
        expect(buffer.held[0]?.to).toBeLessThan(until + 4 * SEGMENT_SAMPLES);
        expect(buffer.lengthSamples).toBe(endOf(segments));
        expect(buffer.ended).toBe(buffer.held[0]?.to === endOf(segments));
      }),
    );
  });

  test('what lies far behind is let go of, and is asked for again by whoever goes back', () => {
    const segments = pathOf(30);
    const buffer = new Buffer();
    for (let seconds = 0; seconds < 50; seconds += 0.25)
      feed(buffer, { segments, positionSamples: seconds * SAMPLE_RATE });
    expect(buffer.held[0]?.from).toBeGreaterThan(35 * SAMPLE_RATE);
    feed(buffer, { segments, positionSamples: SAMPLE_RATE });
    expect(buffer.soundAt(SAMPLE_RATE)).toBe('a:0');
  });

  test('what the browser let go of by itself is laid again', () => {
    const segments = pathOf(10);
    const buffer = new Buffer();
    feed(buffer, { segments, positionSamples: 0 });
    const laid = new Map(buffer.laid);
    buffer.remove({ from: segmentStart(2), to: segmentStart(4) });
    for (const [index, one] of laid) buffer.laid.set(index, one); // it told nobody
    feed(buffer, { segments, positionSamples: segmentStart(1) });
    expect(buffer.held).toEqual([{ from: 0, to: endOf(segments) }]);
  });

  test('known failure 31: no segment that is held is asked for again', () => {
    const segments = pathOf(30);
    const buffer = new Buffer();
    const asked: number[] = [];
    for (let seconds = 0; seconds < 57; seconds += 0.25) {
      const listening = { segments, positionSamples: seconds * SAMPLE_RATE };
      const before = new Set(buffer.laid.keys());
      feed(buffer, listening);
      asked.push(...[...buffer.laid.keys()].filter((index) => !before.has(index)));
    }
    expect(asked).toEqual(segments.map((_, index) => index));
  });

  test('the first segments come one by one, and later ones in one request', () => {
    const segments = pathOf(30);
    const buffer = new Buffer();
    const counts: number[] = [];
    for (;;) {
      const state = stateOf(buffer, { segments, positionSamples: 0 });
      const step = nextStep(state);
      if (step.do === 'wait') break;
      if (step.do === 'length') buffer.lengthSamples = state.endSamples;
      if (step.do !== 'lay') continue;
      counts.push(step.count);
      for (let index = step.index; index < step.index + step.count; index += 1)
        for (const segment of segments.slice(index, index + 1)) buffer.lay(index, segment, 0);
    }
    expect(counts).toEqual([1, 1, 1, 4, 4]);
  });
});

const switchArb = fc.record({
  fork: fc.integer({ min: 0, max: 12 }),
  oldCount: fc.integer({ min: 13, max: 30 }),
  newCount: fc.integer({ min: 13, max: 30 }),
  lastSamples: fc.integer({ min: 1, max: SEGMENT_SAMPLES }),
  position: fc.integer({ min: 0, max: 12 * SEGMENT_SAMPLES }),
  marginSamples: fc.constantFrom(DECODED_SAMPLES, CALM_SAMPLES),
});

describe('going over to another branch', () => {
  test('what is about to sound is never without sound, and from the fork on it is the other’s', () => {
    fc.assert(
      fc.property(
        switchArb,
        ({ fork, oldCount, newCount, lastSamples, position, marginSamples }) => {
          const [before, after] = [
            pathOf(oldCount, { fork }),
            pathOf(newCount, { branch: 'b', fork, lastSamples }),
          ];
          const buffer = new Buffer();
          feed(buffer, { segments: before, positionSamples: position });
          const turn = { position, forkSamples: segmentStart(fork), marginSamples, keptBefore: 0 };
          const keepBefore = turnOf(buffer.held, turn);
          const soon = Math.min(endOf(after), position + SAMPLE_RATE);
          feed(buffer, { segments: after, positionSamples: position, keepBefore }, () => {
            for (let at = position; at < soon; at += FRAME_SAMPLES)
              expect(buffer.soundAt(at), `sound at ${at}`).toBeDefined();
          });
          const until = Math.min(endOf(after), position + 20 * SAMPLE_RATE);
          for (let at = Math.max(position, keepBefore); at < until; at += FRAME_SAMPLES)
            expect(buffer.soundAt(at)).toBe(after[segmentAt(at)]?.id);
          expect(buffer.held.at(-1)?.to).toBeLessThanOrEqual(endOf(after) + FRAME_SAMPLES);
        },
      ),
    );
  });

  test('what is to be replaced is not taken away before something of the other path has come', () => {
    const [before, after] = [pathOf(20), pathOf(20, { branch: 'b' })];
    const buffer = new Buffer();
    const keepBefore = segmentStart(5);
    const positionSamples = keepBefore - CALM_SAMPLES - 1_000;
    feed(buffer, { segments: before, positionSamples });
    const state = stateOf(buffer, { segments: after, positionSamples, keepBefore });
    expect(nextStep(state)).toMatchObject({ do: 'lay', index: 5 });
  });

  test('whoever goes back to before the switch hears the other branch there, too', () => {
    const [before, after] = [pathOf(20, { fork: 2 }), pathOf(20, { branch: 'b', fork: 2 })];
    const buffer = new Buffer();
    const position = segmentStart(5) + 50_000;
    feed(buffer, { segments: before, positionSamples: position });
    feed(buffer, { segments: before, positionSamples: segmentStart(2) });
    const keepBefore = onGrid(position + DECODED_SAMPLES);
    feed(buffer, { segments: after, positionSamples: position, keepBefore });
    expect(buffer.soundAt(position)).toBe('a:5');
    feed(buffer, { segments: after, positionSamples: segmentStart(2) });
    for (let index = 2; index < 10; index += 1)
      for (const at of [0, 50_000, SEGMENT_SAMPLES - 1])
        expect(buffer.soundAt(segmentStart(index) + at)).toBe(`b:${index}`);
  });

  test('while the other does not come, the branch that was left does not play on in its place', () => {
    const [before, after] = [pathOf(20, { fork: 2 }), pathOf(20, { branch: 'b', fork: 2 })];
    const buffer = new Buffer();
    const positionSamples = segmentStart(1);
    feed(buffer, { segments: before, positionSamples });
    const step = nextStep(stateOf(buffer, { segments: after, positionSamples, dropsStale: true }));
    expect(step).toEqual({ do: 'remove', from: segmentStart(2), to: Infinity });
  });
});

describe('a segment that is not to be had', () => {
  const segments = pathOf(20);
  let buffer: Buffer;
  let index: number;
  let startSamples: number;
  beforeEach(() => {
    buffer = new Buffer();
    feed(buffer, { segments, positionSamples: 0, aheadSeconds: 10 });
    index = buffer.laid.size;
    startSamples = segmentStart(index);
  });
  /** What is done at a place, where it was not to be had when the listener was at another. */
  const stepAt = (positionSamples: number, lackedAtSamples: number) =>
    nextStep(stateOf(buffer, { segments, positionSamples, lacking: { index, lackedAtSamples } }));

  test('what is held plays on up to it, and is given up there', () => {
    const near = startSamples - 3 * SAMPLE_RATE;
    expect(stepAt(near, near)).toEqual({ do: 'wait' });
    expect(stepAt(startSamples - SAMPLE_RATE, near)).toEqual({ do: 'wait' });
    expect(stepAt(startSamples - 1, near)).toEqual({ do: 'give-up' });
    expect(stepAt(startSamples + 1, near)).toEqual({ do: 'give-up' });
  });

  test('it is asked for once more when the listener comes near it', () => {
    expect(stepAt(0, 0)).toEqual({ do: 'wait' });
    expect(stepAt(startSamples - 5 * SAMPLE_RATE, 0)).toEqual({ do: 'wait' });
    expect(stepAt(startSamples - 3 * SAMPLE_RATE, 0)).toEqual({ do: 'lay', index, count: 1 });
    expect(stepAt(startSamples + 1, 0)).toEqual({ do: 'lay', index, count: 1 });
  });

  test('whoever goes on beyond it is given what is there', () => {
    const beyond = segmentStart(index + 1);
    const lacking = { index, lackedAtSamples: startSamples };
    feed(buffer, { segments, positionSamples: beyond, lacking });
    expect(buffer.soundAt(beyond)).toBe(`a:${index + 1}`);
  });
});

test('nothing is missing beyond the end, nor before what is kept', () => {
  const segments = pathOf(3);
  const state = stateOf(new Buffer(), {
    segments,
    positionSamples: 0,
    keepBefore: 2 * SEGMENT_SAMPLES,
  });
  expect([0, 1, 2, 3].map((index) => isMissing(state, index))).toEqual([false, false, true, false]);
});
