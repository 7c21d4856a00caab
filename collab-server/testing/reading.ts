// What became of words: by a fresh client, in the log, and in the row of the take.
import { vi } from 'vitest';
import * as Y from 'yjs';
import { readUpdates } from '#backend/postgres/documents.ts';
import { wordsOf } from '#domain/story/document.ts';
import { TokenWriter } from './token-writer.ts';
import type { TestDatabase, TestPerson, TestStory } from './world.ts';

/** As long as anything may take on a machine that does ten other things. */
export const PATIENCE = { timeout: 60_000, interval: 20 } as const;

/** Resolves once the condition holds, and fails with its name if it never does. */
export async function until(what: string, holds: () => boolean): Promise<void> {
  await vi.waitFor(() => {
    if (!holds()) throw new Error(`still not: ${what}`);
  }, PATIENCE);
}

/** The words as somebody gets them who opens them now, with nothing in hand. */
export async function readFresh(url: string, document: string, who: TestPerson): Promise<string> {
  const reader = new TokenWriter({ url, document, who, label: 'reader' });
  await until(`${document} opened`, () => reader.isSynced);
  reader.die();
  return reader.text();
}

/** The words that the log of a document makes. */
export async function readLogged(fresh: TestDatabase, document: string): Promise<string> {
  const doc = new Y.Doc();
  for (const { update } of await readUpdates(fresh.db, document)) Y.applyUpdate(doc, update);
  return wordsOf(doc).toJSON();
}

/** Resolves once the row of the story's seed has these words. */
export async function untilMirrored(
  fresh: TestDatabase,
  story: TestStory,
  words: string,
): Promise<void> {
  await vi.waitFor(async () => {
    const { rows } = await fresh.pool.query('select 1 from takes where id = $1 and words = $2', [
      story.seedId,
      words,
    ]);
    if (rows.length === 0) throw new Error(`the row of ${story.seedId} has other words`);
  }, PATIENCE);
}
