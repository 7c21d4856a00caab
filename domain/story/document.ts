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

/** Where the revision is, for whoever reads updates without a document. */
export const META_ROOT = 'meta';
export const REVISION_KEY = 'revision' satisfies keyof StoryMeta;

/** Roots of the document. Values are plain JSON: a fifth of the memory of nested Y types. */
const ROOTS = { meta: META_ROOT, takes: 'takes', states: 'states', voices: 'voices' } as const;

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

/** Writes a change in one transaction, touching only the keys whose value differs. */
export function writeTree(doc: Y.Doc, change: TreeChange): void {
  const meta = doc.getMap(ROOTS.meta);
  const takes = doc.getMap(ROOTS.takes);
  const states = doc.getMap(ROOTS.states);
  const voices = doc.getMap(ROOTS.voices);
  doc.transact(() => {
    for (const [key, value] of Object.entries(change.meta)) setIfNew(meta, key, value);
    for (const voice of change.voices) setIfNew(voices, voice.id, voice);
    for (const { facts, state } of change.takes) {
      setIfNew(takes, facts.id, facts);
      setIfNew(states, facts.id, state);
    }
  });
}

/**
 * Makes the tree say what `everything` says, and nothing else, in one transaction. `isAnew` writes
 * all of it again, equal or not: for readers who may have seen what this document has not.
 */
export function mendTree(doc: Y.Doc, everything: TreeChange, isAnew: boolean): void {
  const takes = new Set<string>(everything.takes.map(({ facts }) => facts.id));
  const wanted = {
    [ROOTS.meta]: new Set(Object.keys(everything.meta)),
    [ROOTS.takes]: takes,
    [ROOTS.states]: takes,
    [ROOTS.voices]: new Set<string>(everything.voices.map(({ id }) => id)),
  };
  doc.transact(() => {
    for (const [root, keys] of Object.entries(wanted)) {
      const map = doc.getMap(root);
      for (const key of map.keys()) if (isAnew || !keys.has(key)) map.delete(key);
    }
    writeTree(doc, everything);
  });
}

/** How many events the document has taken in; 0 for a new one. */
export function revisionOf(doc: Y.Doc): number {
  const revision = doc.getMap(ROOTS.meta).get(REVISION_KEY);
  return typeof revision === 'number' ? revision : 0;
}

export interface StoryView {
  readonly meta: StoryMeta | null;
  readonly takes: readonly Take[];
  readonly voices: ReadonlyMap<UserId, Voice>;
}

/** Reads the whole document; entries that do not parse are left out rather than trusted. */
export function readTree(doc: Y.Doc): StoryView {
  const meta = v.safeParse(storyMetaSchema, doc.getMap(ROOTS.meta).toJSON());
  const states = doc.getMap(ROOTS.states);
  const takes: Take[] = [];
  for (const [id, value] of doc.getMap(ROOTS.takes)) {
    const facts = v.safeParse(takeFactsSchema, value);
    const state = v.safeParse(takeStateSchema, states.get(id));
    if (facts.success && state.success) takes.push({ ...facts.output, state: state.output });
  }
  const voices = new Map<UserId, Voice>();
  for (const value of doc.getMap(ROOTS.voices).values()) {
    const voice = v.safeParse(voiceSchema, value);
    if (voice.success) voices.set(voice.output.id, voice.output);
  }
  return { meta: meta.success ? meta.output : null, takes, voices };
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

function setIfNew(map: Y.Map<unknown>, key: string, value: unknown): void {
  if (JSON.stringify(map.get(key)) !== JSON.stringify(value)) map.set(key, value);
}
