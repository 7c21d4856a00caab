// The shape of a story's tree document (`story:<id>`). Only the server writes it; see
// docs/decisions/003-the-server-writes-the-tree.md.
import * as v from 'valibot';
import * as Y from 'yjs';
import type { UserId } from './ids.ts';
import {
  takeFactsSchema,
  takeStateSchema,
  voiceSchema,
  type Take,
  type TakeFacts,
  type TakeState,
  type Voice,
} from './take.ts';

/**
 * Roots of the document: maps of plain JSON, a sixth of the memory of nested Y types. Before, `meta`
 * had other keys, and takes were in other roots: so nobody takes one layout for the other.
 */
const ROOTS = { meta: 'meta', tree: 'tree', voices: 'voices' } as const;
const STORY_KEY = 'story';

export const storyMetaSchema = v.object({
  title: v.string(),
  slug: v.string(),
  /** How many of the story's events are in this document; see `story_events`. */
  revision: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
export type StoryMeta = v.InferOutput<typeof storyMetaSchema>;

/** What one command changed, as the document stores it. Applying it twice changes nothing. */
export interface TreeChange {
  readonly meta: StoryMeta;
  readonly takes: readonly { readonly facts: TakeFacts; readonly state: TakeState }[];
  readonly voices: readonly Voice[];
}

/**
 * Writes a change in one transaction, touching only the entries whose value differs. Those of takes
 * and the story's own say at which revision they were written; the highest is the document's, and
 * the last one written has it. Changes come in the order of their revisions.
 */
export function writeTree(doc: Y.Doc, { meta, takes, voices }: TreeChange): void {
  const { revision, ...story } = meta;
  const roots = {
    meta: doc.getMap(ROOTS.meta),
    tree: doc.getMap(ROOTS.tree),
    voices: doc.getMap(ROOTS.voices),
  };
  let isReached = false;
  const say = (root: Y.Map<unknown>, key: string, said: object): void => {
    const entry = root.get(key);
    if (isSame(entry, { ...said, revision: revisionIn(entry) })) return;
    root.set(key, { ...said, revision });
    isReached = true;
  };
  doc.transact(() => {
    for (const voice of voices) {
      if (!isSame(roots.voices.get(voice.id), voice)) roots.voices.set(voice.id, voice);
    }
    say(roots.meta, STORY_KEY, story);
    for (const { facts, state } of takes) {
      const { id, ...rest } = facts;
      say(roots.tree, id, { ...rest, ...state });
    }
    isReached ||= revisionOf(doc) >= revision;
    if (!isReached) roots.meta.set(STORY_KEY, { ...story, revision });
  });
}

/**
 * Makes the tree say what `everything` says, and nothing else, in one transaction. `isAnew` writes
 * all of it again, equal or not: for readers who may have seen what this document has not.
 */
export function mendTree(doc: Y.Doc, everything: TreeChange, isAnew: boolean): void {
  const wanted = {
    [ROOTS.meta]: new Set([STORY_KEY]),
    [ROOTS.tree]: new Set<string>(everything.takes.map(({ facts }) => facts.id)),
    [ROOTS.voices]: new Set<string>(everything.voices.map(({ id }) => id)),
  };
  // No entry may be of a later event than there is.
  const isAll = isAnew || revisionOf(doc) > everything.meta.revision;
  doc.transact(() => {
    for (const [root, keys] of Object.entries(wanted)) {
      const map = doc.getMap(root);
      for (const key of map.keys()) if (isAll || !keys.has(key)) map.delete(key);
    }
    writeTree(doc, everything);
  });
}

/** How many events the document has taken in; 0 for a new one. Looks at every take. */
export function revisionOf(doc: Y.Doc): number {
  let highest = revisionIn(doc.getMap(ROOTS.meta).get(STORY_KEY)) ?? 0;
  doc.getMap(ROOTS.tree).forEach((entry) => {
    highest = Math.max(highest, revisionIn(entry) ?? 0);
  });
  return highest;
}

/** At which revision an entry of the document was written; null for what has none, as voices. */
export function revisionIn(entry: unknown): number | null {
  if (typeof entry !== 'object' || entry === null || !('revision' in entry)) return null;
  const { revision } = entry;
  return typeof revision === 'number' && Number.isSafeInteger(revision) ? revision : null;
}

export interface StoryView {
  readonly meta: StoryMeta | null;
  readonly takes: readonly Take[];
  readonly voices: ReadonlyMap<UserId, Voice>;
}

/** Reads the whole document; entries that do not parse are left out rather than trusted. */
export function readTree(doc: Y.Doc): StoryView {
  const story = v.safeParse(storyMetaSchema, doc.getMap(ROOTS.meta).get(STORY_KEY));
  const meta = story.success ? { ...story.output, revision: revisionOf(doc) } : null;
  const takes: Take[] = [];
  for (const [id, entry] of doc.getMap<object>(ROOTS.tree)) {
    const facts = v.safeParse(takeFactsSchema, { ...entry, id });
    const state = v.safeParse(takeStateSchema, entry);
    if (facts.success && state.success) takes.push({ ...facts.output, state: state.output });
  }
  const voices = new Map<UserId, Voice>();
  for (const value of doc.getMap(ROOTS.voices).values()) {
    const voice = v.safeParse(voiceSchema, value);
    if (voice.success) voices.set(voice.output.id, voice.output);
  }
  return { meta, takes, voices };
}

/** Calls `listener` after every transaction that changed the tree; returns the unsubscriber. */
export function observeTree(doc: Y.Doc, listener: () => void): () => void {
  const notify = (transaction: Y.Transaction) => {
    if (transaction.changed.size > 0) listener();
  };
  doc.on('afterTransaction', notify);
  return () => doc.off('afterTransaction', notify);
}

/** The text of a take's words document (`take:<id>:words`), co-written by people. */
export function wordsOf(doc: Y.Doc): Y.Text {
  return doc.getText('words');
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
