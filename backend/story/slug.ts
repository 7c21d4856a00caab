// The part of a story's address that people read.
import { randomBytes } from 'node:crypto';

/** Longest slug that a title gives, before a suffix. */
const MAX_LENGTH = 60;
/** Letters that Unicode does not take apart into a base letter and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/**
 * A title as lower-case ASCII words joined by hyphens: "Ærlig, señor!" gives `aerlig-senor`. A
 * title without a Latin letter or digit gives `story`.
 */
export function slugOf(title: string): string {
  const words = title
    .toLowerCase()
    .replaceAll(/[ßæœøłđðþı]/gu, (letter) => LETTERS[letter] ?? '')
    .normalize('NFKD')
    .replaceAll(/[\p{M}'’]/gu, '')
    .split(/[^a-z0-9]+/u)
    .filter(Boolean);
  let slug = words.shift()?.slice(0, MAX_LENGTH) ?? 'story';
  for (const word of words) {
    if (slug.length + 1 + word.length > MAX_LENGTH) break;
    slug += `-${word}`;
  }
  return slug;
}

/** The same with four random characters behind it, for a title that is taken. */
export function suffixed(slug: string): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const suffix = [...randomBytes(4)].map((byte) => letters[byte % letters.length]).join('');
  return `${slug}-${suffix}`;
}
