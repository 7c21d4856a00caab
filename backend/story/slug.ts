// The part of a story's address that people read.
import { randomBytes } from 'node:crypto';
import { asciiWords } from '#domain/story/ascii-words.ts';

/** Longest slug that a title gives, before a suffix. */
const MAX_LENGTH = 60;

/**
 * A title as lower-case ASCII words joined by hyphens: "Ærlig, señor!" gives `aerlig-senor`. A
 * title without a Latin letter or digit gives `story`.
 */
export function slugOf(title: string): string {
  const words = asciiWords(title);
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
