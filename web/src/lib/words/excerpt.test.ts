import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Mark } from '#domain/story/words-marks.ts';
import { excerptOf } from './excerpt.ts';

const long = 'once upon a time there was a pier and nobody knew how long it was '.repeat(3);

const changed = ([kind]: Mark): boolean => kind !== '=';

describe('an excerpt', () => {
  it('shortens what did not change, at words', () => {
    const pieces = excerptOf([
      ['=', long],
      ['+', 'not '],
      ['=', long],
      ['-', 'x'],
      ['=', long],
    ]);
    expect(pieces.map(({ text }) => text)).toEqual([
      '… a time there was a pier and nobody knew how long it was ',
      'not ',
      expect.stringMatching(/^once upon .* … .* it was $/u),
      'x',
      expect.stringMatching(/^once upon .* …$/u),
    ]);
  });

  it('leaves a text that did not change whole', () => {
    expect(excerptOf([['=', long]])).toEqual([{ kind: '=', text: long }]);
  });

  it('leaves what changed as it is', () => {
    const mark = fc.tuple(fc.constantFrom('=', '+', '-'), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(fc.array(mark), (marks: Mark[]) => {
        const pieces = excerptOf(marks).map(({ kind, text }): Mark => [kind, text]);
        expect(pieces.filter(changed)).toEqual(marks.filter(changed));
      }),
    );
  });
});
