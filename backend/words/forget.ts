// Has earlier words of a take forgotten, for good.
import { and, eq, sql } from 'drizzle-orm';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { roomName } from '#domain/protocol/room.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { unmarked } from '#domain/story/words-marks.ts';
import { wordsVersions } from '#drizzle/schema.ts';
import { compactHere, lockCompaction } from '../postgres/compaction.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { mirrorWords, readWords } from '../postgres/documents.ts';
import { mergeIntoState } from '../postgres/merge-updates.ts';
import { notify } from '../postgres/notices.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { lockStoryOf, notYours } from '../story/standing.ts';
import { keepVersions, readVersions } from './versions.ts';

/**
 * Forgets one version of a take's words, or with a null `seq` all that there have been; the words
 * as they are now stay. The log is compacted in the same transaction, so that what was deleted is
 * in no row any more. That it happened stays in the history. Sent again it changes nothing more.
 * @throws {Problem} `not_found` if there is no such take or version or the person may not,
 *   `conflict` for the version that the words are of now, `unavailable`
 */
export function forgetWords(
  db: Database,
  person: Person,
  { takeId, seq }: { readonly takeId: TakeId; readonly seq: number | null },
): Promise<void> {
  return whileReachable(() =>
    db.transaction(async (tx) => {
      const take = await lockStoryOf(tx, takeId, person);
      if (take === null || !mayHear(person, take.standing, take)) throw notYours();
      if (!may('forgetWords', take.standing, take.isAuthor)) throw notYours();
      const document = roomName({ kind: 'words', takeId });
      await lockCompaction(tx, document);
      await compactHere(tx, document, { merge: mergeIntoState, keep: keepVersions });
      // A row that is behind may have what was deleted a moment ago.
      await mirrorWords(tx, takeId);
      if (seq === null) await forgetAll(tx, person, takeId);
      else await forgetOne(tx, takeId, seq);
      await notify(tx, 'words_forgotten', { takeId });
    }),
  );
}

async function forgetOne(tx: Transaction, takeId: TakeId, seq: number): Promise<void> {
  const versions = await readVersions(tx, takeId);
  if (versions.at(-1)?.seq === seq) {
    throw new Problem(
      'conflict',
      'The words are as this version left them. Forget all older versions instead, or change the words first.',
    );
  }
  const forgotten = await tx
    .update(wordsVersions)
    .set({ marks: null, running: null })
    .where(and(eq(wordsVersions.takeId, takeId), eq(wordsVersions.seq, seq)))
    .returning({ seq: wordsVersions.seq });
  if (forgotten.length === 0) throw notYours();
}

/** What is left is one version that has the words of now, and whoever had the others forgotten. */
async function forgetAll(tx: Transaction, person: Person, takeId: TakeId): Promise<void> {
  const versions = await readVersions(tx, takeId);
  if (versions.every(({ kind }) => kind === 'forgot')) return;
  const words = await readWords(tx, takeId);
  await tx.delete(wordsVersions).where(eq(wordsVersions.takeId, takeId));
  // By the clock of the log, or it would not come between what was before and after it.
  const now = sql`clock_timestamp()`;
  await tx.insert(wordsVersions).values({
    takeId,
    seq: Math.max(...versions.map(({ seq }) => seq)),
    kind: 'forgot',
    authorId: person.id,
    beganAt: now,
    endedAt: now,
    marks: unmarked(words ?? ''),
  });
}
