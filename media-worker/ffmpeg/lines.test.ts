import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { linesOf } from './lines.ts';

test('a line ends in a newline alone, wherever the bytes were parted', async () => {
  const bytes = Buffer.from('Größe\r\n\nx\u2028y\rz\u2029\nlast');
  const expected = ['Größe', '', 'x\u2028y\rz\u2029', 'last'];
  for (let at = 0; at <= bytes.length; at++) {
    const parts = Readable.from([bytes.subarray(0, at), bytes.subarray(at)], { objectMode: false });
    const lines: string[] = [];
    for await (const line of linesOf(parts)) lines.push(line);
    expect(lines).toEqual(expected);
  }
});
