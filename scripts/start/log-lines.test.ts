import { expect, test } from 'vitest';
import { readable } from './log-lines.ts';

test('a log line is shown without what nobody reads at a terminal', () => {
  const line =
    '{"level":30,"time":1,"pid":2,"hostname":"h","name":"web","port":3000,"msg":"listening"}';
  expect(readable(line)).toBe('info  listening port=3000');
});

test('an error is shown with its stack', () => {
  const line = JSON.stringify({
    level: 50,
    err: { message: 'no', stack: 'Error: no\n  at x' },
    msg: 'failed',
  });
  expect(readable(line)).toBe('ERROR failed err=\nError: no\n  at x');
});

test.each(['plain words', '{not json', '{"message":"not one of ours"}'])(
  'anything else stays as it is: %s',
  (line) => expect(readable(line)).toBe(line),
);
