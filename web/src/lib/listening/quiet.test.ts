import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import type { PlayablePath } from '../player/playable.ts';
import { afterQuiet, quietStretches } from './quiet.ts';

const second = 48_000;
const [one, other] = [takeId(randomUUID()), takeId(randomUUID())];

/** Two takes: the first from 0 to 20 s, the second from 10 to 30 s. */
const path: PlayablePath = {
  title: 'The mill',
  artist: 'Mira',
  takes: [
    {
      id: one,
      startSamples: 0,
      durationSamples: 20 * second,
      ready: true,
      mixes: 1,
      silent: false,
    },
    {
      id: other,
      startSamples: 10 * second,
      durationSamples: 20 * second,
      ready: true,
      mixes: 1,
      silent: false,
    },
  ],
};
const silent = (from: number, to: number) => ({
  startSamples: from * second,
  durationSamples: (to - from) * second,
});

test('what is skipped is where both are silent, but for a breath at either end', () => {
  const takes = [
    { id: one, silences: [silent(2, 6), silent(12, 20)] },
    { id: other, silences: [silent(4, 12)] },
  ];
  expect(quietStretches(path, { takes })).toEqual([
    { from: 2.25 * second, to: 5.75 * second },
    { from: 14.25 * second, to: 21.75 * second },
  ]);
});

test('a pause of a second is how people speak, and a written take is silent throughout', () => {
  expect(quietStretches(path, { takes: [{ id: one, silences: [silent(3, 4)] }] })).toEqual([
    { from: 20.25 * second, to: 29.75 * second },
  ]);
});

test('on any path: no stretch holds a sound, and whoever is in one goes on at its end', () => {
  const silences = fc
    .uniqueArray(fc.integer({ min: 0, max: 20 }), { maxLength: 12 })
    .map((edges) => edges.toSorted((a, b) => a - b))
    .map((edges) =>
      edges.flatMap((from, index) => {
        const to = edges[index + 1];
        return index % 2 === 0 && to !== undefined ? [silent(from, to)] : [];
      }),
    );
  fc.assert(
    fc.property(silences, silences, (ofOne, ofOther) => {
      const takes = [
        { id: one, silences: ofOne },
        { id: other, silences: ofOther },
      ];
      const stretches = quietStretches(path, { takes });
      const speaks = (id: string, at: number): boolean => {
        const take = path.takes.find((it) => it.id === id);
        if (take === undefined) return false;
        const own = at - take.startSamples;
        const inside = own >= 0 && own < (take.durationSamples ?? 0);
        const quiet = takes.find((it) => it.id === id)?.silences ?? [];
        return (
          inside &&
          !quiet.some((it) => own >= it.startSamples && own < it.startSamples + it.durationSamples)
        );
      };
      for (let at = 0; at < 30 * second; at += second / 8) {
        const to = afterQuiet(stretches, at);
        if (to === null) continue;
        expect(to).toBeGreaterThan(at);
        expect(speaks(one, at) || speaks(other, at)).toBe(false);
      }
    }),
  );
});

test('a take that was not measured yet is not taken for silence, however long it will be', () => {
  const takes = [{ id: one, silences: [silent(2, 20)] }];
  for (const durationSamples of [20 * second, null]) {
    const coming = path.takes.map((take) =>
      take.id === other ? { ...take, ready: false, mixes: 0, durationSamples } : take,
    );
    expect(quietStretches({ ...path, takes: coming }, { takes })).toEqual([
      { from: 2.25 * second, to: 9.75 * second },
    ]);
  }
});
