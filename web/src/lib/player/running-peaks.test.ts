import { expect, test } from 'vitest';
import { peaksOf } from './peaks-path.ts';
import { RunningPeaks } from './running-peaks.ts';

test('samples that arrive in blocks of any size give the pairs of the whole', () => {
  const whole = Float32Array.from({ length: 5_000 }, (_, index) => Math.sin(index / 7));
  const running = new RunningPeaks(480);
  for (let from = 0; from < whole.length; from += 333) running.push(whole.slice(from, from + 333));
  expect(running.pairs).toEqual(peaksOf([whole]));
});

test('it grows past its first room and keeps what it had', () => {
  const running = new RunningPeaks(1);
  running.push(Float32Array.of(-1));
  running.push(new Float32Array(5_000).fill(0.5));
  expect(running.pairs).toHaveLength(10_002);
  expect([...running.pairs.subarray(0, 2)]).toEqual([-127, 0]);
  expect([...running.pairs.subarray(-2)]).toEqual([0, 64]);
});

test('nothing pushed gives no pairs', () => {
  expect(new RunningPeaks().pairs).toHaveLength(0);
});
