// The words that a take was published with: whoever sends its command again sends the same.
import type { takes } from '#drizzle/schema.ts';
import type { Queryable } from '../postgres/database.ts';
import { readWordsAt } from '../words/versions.ts';

type Row = Pick<typeof takes.$inferSelect, 'id' | 'words' | 'wordsUpdates' | 'createdAt'>;

/**
 * True if a take was published with these words, whatever has been written into it since; also if
 * nobody knows any more, since somebody had them forgotten.
 */
export async function wasPublishedWith(db: Queryable, take: Row, words: string): Promise<boolean> {
  if (take.words === words) return true;
  // Nobody has opened them for writing yet: they are those of then.
  if (take.wordsUpdates === 0) return false;
  const then = await readWordsAt(db, [take.id], take.createdAt.getTime());
  const published = then.get(take.id) ?? null;
  return published === null || published === words;
}
