// The history of a take's words, as those see it who may.
import { inArray } from 'drizzle-orm';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import type { WordsHistory } from '#domain/protocol/commands.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import type { Version } from '#domain/story/words-history.ts';
import { isChange } from '#domain/story/words-marks.ts';
import { users } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { notYours, standingAt } from '../story/standing.ts';
import { inOneState, readVersions } from './versions.ts';

/** Versions that are shown at once. */
const PAGE = 20;

/**
 * Who changed which words of a take when, newest first. Versions that changed nothing in the end
 * are left out.
 * @param before the version after the page that is asked for; null for the newest page
 * @throws {Problem} `not_found` if there is no such take or the person may not, `unavailable`
 */
export function readHistory(
  db: Database,
  person: Person,
  { takeId, before }: { readonly takeId: TakeId; readonly before: number | null },
): Promise<WordsHistory> {
  return whileReachable(() =>
    inOneState(db, async (tx) => {
      const take = await standingAt(tx, takeId, person);
      if (take === null || !mayHear(person, take.standing, take)) throw notYours();
      if (!may('readHistory', take.standing, take.isAuthor)) throw notYours();
      const versions = (await readVersions(tx, takeId)).toReversed().filter(isShown);
      const from = before === null ? 0 : versions.findIndex(({ seq }) => seq === before) + 1;
      const page = versions.slice(from, from + PAGE);
      const isLast = from + page.length >= versions.length;
      return {
        versions: await shown(tx, page),
        before: isLast ? null : (page.at(-1)?.seq ?? null),
      };
    }),
  );
}

function isShown({ kind, marks }: Version): boolean {
  return kind !== 'edit' || marks === null || isChange(marks);
}

async function shown(
  db: Queryable,
  versions: readonly Version[],
): Promise<WordsHistory['versions']> {
  const voices = await voicesOf(
    db,
    versions.flatMap(({ authorId }) => authorId ?? []),
  );
  return versions.map(({ seq, kind, authorId, endedAtMs, restoresMs, marks }) => ({
    seq,
    kind,
    by: authorId === null ? null : (voices.get(authorId) ?? null),
    endedAtMs,
    restoresMs,
    marks: marks === null ? null : marks.map(([mark, text]) => [mark, text]),
  }));
}

async function voicesOf(db: Queryable, ids: readonly UserId[]): Promise<Map<UserId, Voice>> {
  const rows = await db
    .select({ id: users.id, name: users.name, hue: users.hue })
    .from(users)
    .where(inArray(users.id, [...new Set(ids)]));
  return new Map(rows.map((voice) => [voice.id, voice]));
}
