import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nthTakeId, pathArbitrary } from '../../tests/arbitraries/paths.ts';
import { cueSheet, stemFileNames, stemsReadMe, type CueTake } from './cue-sheet.ts';

const take = (index: number, facts: Partial<CueTake> = {}): CueTake => ({
  id: nthTakeId(index),
  kind: 'voice',
  heard: true,
  voice: 'Mira',
  startSamples: 0,
  durationSamples: 48_000,
  gainDb: 0,
  ...facts,
});

const cells = (sheet: string): string[][] =>
  sheet
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split('\t'));

const cueTakes: fc.Arbitrary<CueTake[]> = pathArbitrary.chain((path) =>
  fc
    .array(fc.record({ voice: fc.string({ unit: 'binary' }), heard: fc.boolean() }), {
      minLength: path.length,
      maxLength: path.length,
    })
    .map((facts) => path.map((place, index) => ({ ...take(index), ...place, ...facts[index] }))),
);

describe('the files of a path', () => {
  it('are named by number, voice and start', () => {
    expect(
      stemFileNames([
        take(0),
        take(1, { voice: 'José Ærlig', startSamples: 123_456 }),
        take(2, { voice: '美咲', kind: 'text', startSamples: 2 ** 31 - 1 }),
        take(3, { heard: false }),
      ]),
    ).toEqual([
      '01-mira-0000000000.flac',
      '02-jose-aerlig-0000123456.flac',
      '03-voice-2147483647.txt',
      null,
    ]);
  });

  it('have names that every system can hold, and never the same twice', () => {
    fc.assert(
      fc.property(cueTakes, (takes) => {
        const names = stemFileNames(takes).filter((name) => name !== null);
        for (const name of names)
          expect(name).toMatch(/^\d\d-[a-z0-9-]{1,32}-\d{10}\.(flac|txt)$/u);
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });
});

describe('the cue sheet', () => {
  it('says where each take lies, on which track, how loud and whose it is', () => {
    const sheet = cueSheet([
      take(0, { gainDb: -3.25, durationSamples: 96_000 }),
      take(1, { voice: 'Jo', startSamples: 48_001, gainDb: 4 }),
      take(2, { kind: 'text', startSamples: 100_000, gainDb: null }),
    ]);
    const [head, ...rows] = cells(sheet);
    expect(
      rows.map((row) => Object.fromEntries(row.map((cell, at) => [head?.[at], cell]))),
    ).toEqual([
      {
        number: '1',
        file: '01-mira-0000000000.flac',
        track: '1',
        voice: 'Mira',
        kind: 'voice',
        start_sample: '0',
        length_samples: '96000',
        start_time: '0:00:00.000',
        length_time: '0:00:02.000',
        gain_db: '-3.3',
        licence: 'none stated',
        take_id: nthTakeId(0),
      },
      expect.objectContaining({ track: '2', voice: 'Jo', start_sample: '48001', gain_db: '4.0' }),
      expect.objectContaining({ track: '1', kind: 'text', gain_db: '', start_time: '0:00:02.083' }),
    ]);
  });

  it('has a row for each take and as many cells in each, whatever people are called', () => {
    fc.assert(
      fc.property(cueTakes, (takes) => {
        const [head, ...rows] = cells(cueSheet(takes));
        expect(rows).toHaveLength(takes.length);
        for (const row of rows) expect(row).toHaveLength(head?.length ?? 0);
      }),
    );
  });

  it('tells nothing of a take that is hidden from the reader but its place', () => {
    const sheet = cueSheet([take(0), take(1, { heard: false, voice: 'Lou', gainDb: null })]);
    expect(sheet).not.toContain('Lou');
    expect(cells(sheet)[2]?.slice(0, 7)).toEqual(['2', '', '2', '', 'hidden', '0', '48000']);
  });

  it('is no formula in a spreadsheet', () => {
    const [, row] = cells(cueSheet([take(0, { voice: '=HYPERLINK("x")' })]));
    expect(row?.[3]).toBe(`'=HYPERLINK("x")`);
  });
});

it('the README keeps a title to one line, and speaks of hidden takes only where there are some', () => {
  const story = { title: 'Two\r\nlines', address: 'https://tap.example/s/two' };
  const text = stemsReadMe(story, [take(0)]);
  expect(text.startsWith('Two lines\r\nhttps://tap.example/s/two\r\n')).toBe(true);
  expect(text).not.toContain('hidden');
  expect(stemsReadMe(story, [take(0, { heard: false })])).toContain('hidden');
});
