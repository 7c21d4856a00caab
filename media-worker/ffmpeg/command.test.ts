import { expect, test } from 'vitest';
import { ffmpegArguments } from './command.ts';
import { filter, graphText } from './graph.ts';

test('inputs are guarded, and the layout is the one that we know', () => {
  const args = ffmpegArguments({
    inputs: [{ name: 'upload', format: 'wav', fromSeconds: 3, maxSeconds: 601 }],
    graph: [{ from: [{ input: 0 }], filters: [filter('anull')], to: [{ label: 'out' }] }],
    outputs: [{ name: 'stem.flac', from: { label: 'out' }, options: ['-c:a', 'flac'] }],
  });
  const input =
    '-threads 1 -protocol_whitelist file -format_whitelist wav -f wav -ss 3 -t 601 -i upload';
  const output =
    '-map [out] -c:a flac -map_metadata -1 -fflags +bitexact -flags:a +bitexact stem.flac';
  expect(args.join(' ')).toBe(`${input} -y -filter_complex [0:a:0]anull[out] ${output}`);
});

test('a title stays one argument, whatever somebody wrote', () => {
  const title = 'title=two words -f wav /etc/x';
  const args = ffmpegArguments({
    inputs: [],
    graph: [],
    outputs: [{ name: 'a.mp3', from: { label: 'out' }, options: ['-metadata', title] }],
  });
  expect(args[args.indexOf('-metadata') + 1]).toBe(title);
});

test.each(['../upload', '/etc/passwd', 'concat:a|b', 'http://a/b', '-i', 'a b', 'a.b.c', ''])(
  'the file name %j is refused',
  (name) => {
    const inputs = [{ name, format: 'wav' as const }];
    expect(() => ffmpegArguments({ inputs, graph: [], outputs: [] })).toThrow(RangeError);
  },
);

test.each(['0,volume=9', 'a:b=c', "a'", 'a;b', '[x]', 'a b', ''])(
  'the filter value %j is refused: it would be read as more than a value',
  (value) => {
    expect(() => filter('volume', { volume: value })).toThrow(RangeError);
  },
);

test('numbers are never written with an exponent, and never as no number', () => {
  const tiny = filter('volume', { volume: 1e-5, on: true });
  expect(graphText([{ from: [], filters: [tiny], to: [] }])).toEqual([
    'volume=volume=0.000010:on=1',
  ]);
  expect(() => filter('volume', { volume: Number.NaN })).toThrow(RangeError);
});
