// What text of people may be made of.
import * as v from 'valibot';

/** False for what Postgres takes in neither `text` nor `jsonb`: U+0000 (its manual, 8.3, 8.14). */
export const isStorable = (text: string): boolean => !text.includes('\0');

export const textSchema = v.pipe(v.string(), v.check(isStorable, 'has a NUL character'));
