// A story's tree as bytes, for those who only pass it on: most stories are read far more often than
// they change, and a document of ten thousand takes takes half a second to make.
import { eq } from 'drizzle-orm';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { outlineOf, type TreeOutline } from './tree-outline.ts';
import { stories } from '#drizzle/schema.ts';
import type { Database, Queryable } from '../postgres/database.ts';
import { readLastSeq, readUpdates } from '../postgres/documents.ts';
import { inOneState } from '../words/versions.ts';

/** A longer log is for a document to read; compaction sees to it that few are. */
const MOST_LOGGED = 10_000;
/** Updates that are merged at once: Yjs sorts them again for each that it takes. */
const MERGED_AT_ONCE = 32;

/** Which state of a tree somebody has. */
export interface TreeState {
  /** Highest number of its updates in the log. */
  readonly seq: number;
  /** How many of the story's events are in it. */
  readonly revision: number;
}

export interface StoredTree extends TreeState {
  /** A state, and what came after it in one update. */
  readonly updates: readonly Uint8Array[];
  readonly outline: TreeOutline;
}

/** Reads a tree; null if a document has to be made of it, because it is behind its rows or damaged. */
export async function readStoredTree(db: Database, storyId: StoryId): Promise<StoredTree | null> {
  const name = roomName({ kind: 'story', storyId });
  const { logged, revision } = await inOneState(db, async (tx) => ({
    logged: await readUpdates(tx, name),
    revision: await revisionOfRows(tx, storyId),
  }));
  if (logged.length > MOST_LOGGED) return null;
  const outline = outlineOf(logged.map(({ update }) => update));
  if (outline === null || outline.revision < revision) return null;
  const [first, ...later] = logged.map(({ update }) => update);
  if (first === undefined) return null;
  const since = merged(later);
  return {
    updates: since === null ? [first] : [first, since],
    outline,
    seq: Math.max(...logged.map(({ seq }) => seq)),
    revision: outline.revision,
  };
}

/** True if a tree, or the rows that it follows, are no longer what they were. */
export async function hasMoved(
  db: Database,
  storyId: StoryId,
  { seq, revision }: TreeState,
): Promise<boolean> {
  const name = roomName({ kind: 'story', storyId });
  return inOneState(
    db,
    async (tx) =>
      (await readLastSeq(tx, name)) !== seq || (await revisionOfRows(tx, storyId)) > revision,
  );
}

/** 0 for a story that is not there. */
async function revisionOfRows(db: Queryable, storyId: StoryId): Promise<number> {
  const [story] = await db
    .select({ revision: stories.revision })
    .from(stories)
    .where(eq(stories.id, storyId));
  return story?.revision ?? 0;
}

/** One update that says what updates of one writer say, in their order; null for none. */
function merged(updates: readonly Uint8Array[]): Uint8Array | null {
  let left = [...updates];
  while (left.length > 1) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < left.length; at += MERGED_AT_ONCE) {
      pieces.push(Y.mergeUpdates(left.slice(at, at + MERGED_AT_ONCE)));
    }
    left = pieces;
  }
  return left[0] ?? null;
}
