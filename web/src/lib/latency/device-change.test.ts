import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { judgeChange, type Devices } from './device-change.ts';

const before: Devices = { inputIds: ['default', 'desk', 'usb'], output: 'Headphones' };

test('known failure 12: whatever comes and goes beside the devices in use ends no take', () => {
  const others = fc.array(fc.constantFrom('default', 'usb', 'camera', 'headset', 'virtual'));
  fc.assert(
    fc.property(others, others, (was, is) => {
      const first = { inputIds: [...was, 'desk'], output: 'Headphones' };
      const then = { inputIds: ['desk', ...is], output: 'Headphones' };
      expect(judgeChange(first, then, 'desk')).toEqual({ kind: 'irrelevant' });
    }),
  );
});

test('known failure 13: the loss of the microphone in use is known at once', () => {
  const gone = { ...before, inputIds: ['default', 'usb'] };
  expect(judgeChange(before, gone, 'desk')).toEqual({ kind: 'input-lost' });
  expect(judgeChange(before, gone, 'usb')).toEqual({ kind: 'irrelevant' });
});

test('another output is told by both names, and counts less than a lost microphone', () => {
  const speakers = { ...before, output: 'Speakers' };
  expect(judgeChange(before, speakers, 'desk')).toEqual({
    kind: 'output-changed',
    from: 'Headphones',
    to: 'Speakers',
  });
  expect(judgeChange(before, { inputIds: [], output: 'Speakers' }, 'desk').kind).toBe('input-lost');
});

test('a browser that names nothing proves nothing', () => {
  const silent: Devices = { inputIds: [], output: '' };
  expect(judgeChange(silent, silent, 'desk')).toEqual({ kind: 'irrelevant' });
  expect(judgeChange(before, { ...before, inputIds: ['x'] }, '')).toEqual({ kind: 'irrelevant' });
  expect(judgeChange(before, { ...before, output: '' }, 'desk')).toEqual({ kind: 'irrelevant' });
});
