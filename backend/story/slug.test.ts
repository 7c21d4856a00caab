import { assert, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { slugOf, suffixed } from './slug.ts';

test.each([
  ['The Lighthouse', 'the-lighthouse'],
  ["  What's   that — noise?  ", 'whats-that-noise'],
  ['Ærlig, señor!', 'aerlig-senor'],
  ['Straße nach Łódź', 'strasse-nach-lodz'],
  ['ﬁne ①', 'fine-1'],
  ['物語', 'story'],
  ['🌊', 'story'],
  ['../../etc/passwd', 'etc-passwd'],
])('%j becomes %j', (title, slug) => {
  expect(slugOf(title)).toBe(slug);
});

test('a long title is cut between words, a long word within', () => {
  expect(slugOf('once upon a time there was a story '.repeat(4))).toBe(
    'once-upon-a-time-there-was-a-story-once-upon-a-time-there',
  );
  expect(slugOf('a'.repeat(120))).toBe('a'.repeat(60));
});

test('whatever the title, a slug is short, plain and never empty', () => {
  assert(
    property(string({ unit: 'grapheme', maxLength: 120 }), (title) => {
      for (const slug of [slugOf(title), suffixed(slugOf(title))]) {
        expect(slug).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/u);
        expect(slug.length).toBeLessThanOrEqual(65);
      }
    }),
  );
});
