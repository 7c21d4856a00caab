// The shape of a person's draft document (`draft:<user>:<story>`): the written takes that they have
// not published yet. That person's sessions alone write it.
import * as v from 'valibot';
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '../protocol/commands.ts';
import { takeIdSchema, type TakeId } from './ids.ts';

/** The one root: a Y.Map of drafts by take id, each a Y.Map of these fields. */
export const DRAFT_ROOT = 'drafts';
export const draftFieldSchema = v.picklist(['parentId', 'beganMs', 'words']);
export type DraftField = v.InferOutput<typeof draftFieldSchema>;

/** The facts of a draft, plain values; its words are a Y.Text in the field `words`. */
export const draftFactsSchema = v.object({
  /** The take that it is written over. */
  parentId: takeIdSchema,
  /** When it was begun, milliseconds since the epoch by its author's clock: for the order alone. */
  beganMs: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});

/** Drafts that somebody may begin in one story. */
export const MAX_DRAFTS_BEGUN = 20;
/**
 * What a document may hold: twice of what one device lets anybody write, so that what two devices
 * wrote apart is still taken. Lengths are UTF-16 units.
 */
export const MAX_DRAFTS = 2 * MAX_DRAFTS_BEGUN;
export const MAX_DRAFT_LENGTH = 2 * MAX_WORDS_LENGTH;

export interface Draft extends v.InferOutput<typeof draftFactsSchema> {
  /** The take's id once it is published: minted with the draft, so that it is one take. */
  readonly id: TakeId;
  readonly words: string;
}

/** Every draft, oldest first; entries that do not parse are left out rather than trusted. */
export function readDrafts(doc: Y.Doc): Draft[] {
  const drafts: Draft[] = [];
  for (const [key, entry] of rootOf(doc)) {
    const id = v.safeParse(takeIdSchema, key);
    const words = wordsIn(entry);
    const facts = entry instanceof Y.Map ? v.safeParse(draftFactsSchema, factsIn(entry)) : null;
    if (!id.success || words === null || !facts?.success) continue;
    drafts.push({ id: id.output, ...facts.output, words: words.toJSON() });
  }
  return drafts.toSorted((a, b) => a.beganMs - b.beganMs || (a.id < b.id ? -1 : 1));
}

/** The words of a draft; null if there is no such draft. */
export function wordsOfDraft(doc: Y.Doc, id: TakeId): Y.Text | null {
  return wordsIn(rootOf(doc).get(id));
}

/** Begins a draft, or puts one in the place of another with its id. */
export function putDraft(doc: Y.Doc, { id, parentId, beganMs, words }: Draft): void {
  doc.transact(() => {
    const entry = new Y.Map<unknown>();
    entry.set('parentId', parentId);
    entry.set('beganMs', beganMs);
    entry.set('words', new Y.Text(words));
    rootOf(doc).set(id, entry);
  });
}

/** Hangs a draft, if it is there, on another take. */
export function moveDraft(doc: Y.Doc, id: TakeId, parentId: TakeId): void {
  const entry = rootOf(doc).get(id);
  if (entry instanceof Y.Map) entry.set('parentId', parentId);
}

export function dropDraft(doc: Y.Doc, id: TakeId): void {
  rootOf(doc).delete(id);
}

/** The drafts that a transaction began, changed or took away. */
export function draftsChangedBy({ doc, changed }: Y.Transaction): TakeId[] {
  const root = rootOf(doc);
  const keys = [...changed].flatMap(([type, subs]) =>
    Object.is(type, root) ? [...subs] : keyIn(type),
  );
  return [...new Set(keys)].flatMap((key) => {
    const id = v.safeParse(takeIdSchema, key);
    return id.success ? [id.output] : [];
  });
}

type ChangedType = Parameters<Y.Transaction['changed']['get']>[0];

/** The key of the draft that a type of the document is in, or is. */
function keyIn(type: ChangedType): string | null {
  let at = type;
  while (at.parent?.parent) at = at.parent;
  // What Yjs calls its own is the only way from a type to its key.
  // oxlint-disable-next-line no-underscore-dangle
  return at._item?.parentSub ?? null;
}

/** True if the document holds more than a server takes. */
export function isOverfull(doc: Y.Doc): boolean {
  const entries = [...rootOf(doc).values()];
  return (
    entries.length > MAX_DRAFTS ||
    entries.some((entry) => (wordsIn(entry)?.length ?? 0) > MAX_DRAFT_LENGTH)
  );
}

function rootOf(doc: Y.Doc): Y.Map<unknown> {
  return doc.getMap(DRAFT_ROOT);
}

function factsIn(entry: Y.Map<unknown>): unknown {
  return { parentId: entry.get('parentId'), beganMs: entry.get('beganMs') };
}

function wordsIn(entry: unknown): Y.Text | null {
  const words = entry instanceof Y.Map ? (entry.get('words') as unknown) : null;
  return words instanceof Y.Text ? words : null;
}
