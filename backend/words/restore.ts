// Brings earlier words of a take back: a new edit of whoever asks, live in every open editor.
import { randomInt, randomUUID } from 'node:crypto';
import { simpleDiffString } from 'lib0/diff';
import * as Y from 'yjs';
import { may, mayHear, type Person } from '#domain/access/policy.ts';
import type { RestoreWords } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import { textOf } from '#domain/story/words-marks.ts';
import { wordsRestores } from '#drizzle/schema.ts';
import { lockCompaction } from '../postgres/compaction.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { claimClients } from '../postgres/document-clients.ts';
import { lockDocument, mirrorWords, publishUpdates, readUpdates } from '../postgres/documents.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { lockStoryOf, notYours } from '../story/standing.ts';
import { readVersions } from './versions.ts';

/** Yjs client ids are unsigned 32-bit numbers; the smallest are the server's. */
const CLIENT_IDS = { min: 1_000, max: 2 ** 32 } as const;

/**
 * Makes the words of a take what they were when a version ended. Nothing is taken out of the
 * history: the restore is a version of its own. A command that is sent again does nothing more.
 * @throws {Problem} `not_found` if there is no such take or the person may not, `conflict` if the
 *   version is not as they saw it any more, `unavailable`
 */
export function restoreWords(
  db: Database,
  person: Person,
  { takeId, ...command }: RestoreWords & { readonly takeId: TakeId },
): Promise<void> {
  return whileReachable(() =>
    db.transaction(async (tx) => {
      const take = await lockStoryOf(tx, takeId, person);
      if (take === null || !mayHear(person, take.standing, take)) throw notYours();
      const { standing, isAuthor } = take;
      const isTheirs =
        may('writeWords', standing, isAuthor) && may('readHistory', standing, isAuthor);
      if (!isTheirs) throw notYours();
      if (!(await isFirst(tx, { key: command.key, takeId, userId: person.id }))) return;
      const document = roomName({ kind: 'words', takeId });
      await lockCompaction(tx, document);
      await lockDocument(tx, document);
      const text = await wordsOfVersion(tx, takeId, command);
      const edit = await editTo(tx, { document, text, userId: person.id });
      if (edit === null) return;
      const restores = new Date(command.endedAtMs);
      const update = { document, update: edit, userId: person.id, restores };
      await publishUpdates(tx, [update], randomUUID());
      await mirrorWords(tx, takeId);
    }),
  );
}

/** False if the command was carried out before. */
async function isFirst(
  tx: Transaction,
  restore: typeof wordsRestores.$inferInsert,
): Promise<boolean> {
  const noted = await tx.insert(wordsRestores).values(restore).onConflictDoNothing().returning();
  return noted.length > 0;
}

async function wordsOfVersion(
  tx: Transaction,
  takeId: TakeId,
  { seq, endedAtMs }: Pick<RestoreWords, 'seq' | 'endedAtMs'>,
): Promise<string> {
  const versions = await readVersions(tx, takeId);
  const version = versions.find((each) => each.seq === seq && each.endedAtMs === endedAtMs);
  if (version === undefined || version.marks === null) {
    throw new Problem(
      'conflict',
      'These words have changed, or were forgotten, since you looked. Nothing was changed; look at the history again.',
    );
  }
  return textOf(version.marks);
}

/** An update that makes the words of a document this text; null if they are that already. */
async function editTo(
  tx: Transaction,
  { document, text, userId }: { document: string; text: string; userId: UserId },
): Promise<Uint8Array | null> {
  const doc = new Y.Doc();
  try {
    for (const { update } of await readUpdates(tx, document)) Y.applyUpdate(doc, update);
    const words = wordsOf(doc);
    const now = words.toJSON();
    if (now === text) return null;
    doc.clientID = await freshClient(tx, document, userId);
    const before = Y.encodeStateVector(doc);
    const { index, remove, insert } = simpleDiffString(now, text);
    doc.transact(() => {
      words.delete(index, remove);
      words.insert(index, insert);
    });
    return Y.encodeStateAsUpdate(doc, before);
  } finally {
    doc.destroy();
  }
}

/** A Yjs client id that is this person's, as one of a tab of theirs would be. */
async function freshClient(tx: Transaction, document: string, userId: UserId): Promise<number> {
  for (;;) {
    const id = randomInt(CLIENT_IDS.min, CLIENT_IDS.max);
    const owners = await claimClients(tx, document, [id], userId);
    if (owners.get(id) === userId) return id;
  }
}
