import { describe, expect, it } from 'vitest';
import * as v from 'valibot';
import { nthTakeId, placePath } from '../../tests/arbitraries/paths.ts';
import {
  downloadName,
  exportKeyText,
  exportSpec,
  exportSpecSchema,
  EXPORT_VERSION,
  type ExportPath,
  type ExportTake,
} from './export-spec.ts';

function takeOf(index: number, facts: Partial<ExportTake> = {}): ExportTake {
  return {
    id: nthTakeId(index),
    kind: 'voice',
    heard: true,
    voice: ['Mira', 'Jo'][index % 2] ?? '',
    startSamples: 0,
    durationSamples: 0,
    gainDb: -1,
    words: 'Spoken.',
    createdAtMs: 1_000 * index,
    stem: { objectKey: `stems/${index}.flac`, sha256: `stem-${index}`, bytes: 10, gainDb: -1 },
    ...facts,
  };
}

const written = { kind: 'text', words: 'Written.', gainDb: null, stem: null } as const;

const path: ExportPath = {
  title: 'The river',
  address: 'https://tap.example/s/river?take=1',
  takes: placePath([
    { kind: 'voice', tailSamples: 100 },
    { kind: 'voice', tailSamples: 50 },
    { kind: 'text', tailSamples: 70 },
    { kind: 'voice', tailSamples: 30 },
  ]).map((place, index) => ({ ...takeOf(index, index === 2 ? written : {}), ...place })),
};

const withTake = (index: number, facts: Partial<ExportTake>): ExportPath => ({
  ...path,
  takes: path.takes.map((take, at) => (at === index ? { ...take, ...facts } : take)),
});

describe('the spec of a mix', () => {
  it('names each stem, and who is heard, once', () => {
    expect(exportSpec(path, 'flac')).toMatchObject({
      format: 'flac',
      stems: [0, 1, 3].map((index) => ({ sha256: `stem-${index}` })),
      tags: { title: 'The river', artist: 'Mira, Jo', comment: path.address },
    });
  });

  it('leaves silence where a take is hidden, and does not name its voice', () => {
    const spec = exportSpec(withTake(1, { heard: false, stem: null, voice: 'Lou' }), 'mp3');
    expect(spec).toMatchObject({ tags: { artist: 'Mira, Jo' }, stems: [{}, {}] });
    expect(JSON.stringify(spec)).not.toMatch(/stem-1|Lou/u);
  });

  it('counts the voices of a crowd', () => {
    const crowd = Array.from({ length: 15 }, (_, index) => takeOf(index, { voice: `V${index}` }));
    const takes = crowd.map((take, index) => ({ ...take, startSamples: index * 10 }));
    const spec = exportSpec({ ...path, takes }, 'm4a');
    expect('tags' in spec && spec.tags.artist).toMatch(/^V0, .*, V11 and 3 more$/u);
  });
});

describe('the spec of stems', () => {
  it('has the recordings, the words, a cue sheet and a README', () => {
    expect(exportSpec(path, 'stems')).toMatchObject({
      folder: 'the-river-stems',
      recordings: [
        { name: '01-mira-0000000000.flac', sha256: 'stem-0', madeAtMs: 0 },
        { name: '02-jo-0000000000.flac', sha256: 'stem-1' },
        { name: '04-jo-0000000150.flac', sha256: 'stem-3' },
      ],
      texts: [
        { name: 'README.txt' },
        { name: 'cue-sheet.tsv' },
        { name: '03-mira-0000000150.txt', text: 'Written.\n' },
      ],
    });
  });

  it('has neither the recording nor the words of a take that is hidden', () => {
    const voice = exportSpec(withTake(1, { heard: false, stem: null, words: 'secret' }), 'stems');
    const words = exportSpec(withTake(2, { heard: false, words: 'secret' }), 'stems');
    expect(voice).toMatchObject({ recordings: [{}, {}] });
    expect(JSON.stringify([voice, words])).not.toContain('secret');
  });
});

const keyOf = (of: ExportPath, format: 'flac' | 'mp3' | 'stems') =>
  exportKeyText(exportSpec(of, format));

describe('the key of an export', () => {
  it('is another for every difference in the file, and for no other', () => {
    const keys = [
      keyOf(path, 'flac'),
      keyOf(path, 'mp3'),
      keyOf(path, 'stems'),
      keyOf({ ...path, title: 'A river' }, 'flac'),
      keyOf(withTake(1, { heard: false, stem: null }), 'flac'),
      keyOf(withTake(0, { voice: 'Miranda' }), 'flac'),
      keyOf(withTake(2, { words: 'Other words.' }), 'stems'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    // The words of a take are in no mix.
    expect(keyOf(withTake(2, { words: 'Other words.' }), 'flac')).toBe(keys[0]);
    expect(keyOf(withTake(0, { words: 'Other words.' }), 'stems')).toBe(keys[2]);
    expect(keys[0]?.startsWith(`[${EXPORT_VERSION},`)).toBe(true);
  });

  it('is of a spec that the worker reads back as it was', () => {
    for (const format of ['flac', 'stems'] as const) {
      const spec = exportSpec(path, format);
      const read = v.parse(exportSpecSchema, JSON.parse(JSON.stringify(spec)));
      expect(read).toEqual(spec);
    }
  });
});

it('a download is named by the story and its ending, for any file system', () => {
  expect(downloadName('The river', 'Jo', 'flac')).toBe('The river, to Jo.flac');
  expect(downloadName('The river', 'Jo', 'stems')).toBe('The river, to Jo (stems).zip');
  expect(downloadName('a/b\\c:d?\u202E', '<Jo>\n', 'm4a')).toBe('a b c d , to  Jo.m4a');
  expect(downloadName('x'.repeat(300), 'Jo', 'mp3')).toHaveLength(124);
});
