// A drafts document behind its guard, without sockets: what is let through is applied as the server
// applies it.
import * as Y from 'yjs';
import { putDraft, wordsOfDraft } from '#domain/story/draft.ts';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { DraftShape } from '../draft-shape.ts';
import { newsOf } from '../update-guard.ts';

/** The id of the draft of a number. */
export const draftId = (n: number): TakeId =>
  takeId(`00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`);

export const draft = (n: number, words = 'Once') => ({
  id: draftId(n),
  parentId: draftId(99),
  beganMs: n,
  words,
});

/** What the server has, with the drafts of these numbers. */
export function serverWith(...numbers: number[]): Y.Doc {
  const server = new Y.Doc();
  for (const n of numbers) putDraft(server, draft(n));
  return server;
}

/**
 * Applies an update as the server does; what has gaps is left alone.
 * @returns true if it was applied @throws whatever the guard refuses it with
 */
export function send(server: Y.Doc, update: Uint8Array): boolean {
  const shape = new DraftShape(server);
  if (newsOf(server, update, shape).gapped.length > 0) return false;
  shape.assertFits(update, 'mira');
  Y.applyUpdate(server, update);
  return true;
}

/** What somebody writes who has what the server has. */
export function updateOf(server: Y.Doc, write: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(server));
  write(doc);
  return Y.encodeStateAsUpdate(doc, Y.encodeStateVector(server));
}

/** The words of a draft that is there. */
export function textOfDraft(doc: Y.Doc, n: number): Y.Text {
  const words = wordsOfDraft(doc, draftId(n));
  if (words === null) throw new Error('no such draft');
  return words;
}

/** A draft that is there, as it lies in the document. */
export function entryOfDraft(doc: Y.Doc, n: number): Y.Map<unknown> {
  const entry = doc.getMap('drafts').get(draftId(n));
  if (!(entry instanceof Y.Map)) throw new Error('no such draft');
  return entry as Y.Map<unknown>;
}
