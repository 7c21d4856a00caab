// The tree of a story in two shapes: ours, and nested Y types as Yjs' own examples would have them.
import * as Y from 'yjs';
import { writeTree } from '#domain/story/document.ts';
import { SERVER_CLIENT_ID } from '../../collab-server/committed.ts';
import type { TakeFacts, TakeState, Voice } from '#domain/story/take.ts';

/** What happened to a take, and how the take was then. */
export interface StoryEvent {
  readonly facts: TakeFacts;
  /** Its author's. */
  readonly voice: Voice;
  readonly state: TakeState;
  readonly kind: 'published' | 'ingested' | 'mixed' | 'likes';
}

/** Writes one event of a story, the `revision`th. */
export type Write = (doc: Y.Doc, event: StoryEvent, revision: number) => void;

/** A document to which events happened one after the other, and the update that each made. */
export function replay(
  events: readonly StoryEvent[],
  write: Write,
): { readonly state: Uint8Array; readonly updates: readonly Uint8Array[] } {
  const doc = new Y.Doc();
  doc.clientID = SERVER_CLIENT_ID;
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const [n, event] of events.entries()) write(doc, event, n + 1);
  const state = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return { state, updates };
}

/** The newest event of each take: a story that was written down today. */
export function withoutHistory(events: readonly StoryEvent[]): StoryEvent[] {
  return [...new Map(events.map((event) => [event.facts.id, event])).values()];
}

/** The same events where all takes change by turns: the first of each, then the second of each. */
export function byTurns(events: readonly StoryEvent[]): StoryEvent[] {
  const seen = new Map<string, number>();
  const turns = Map.groupBy(events, ({ facts: { id } }) => {
    const turn = seen.get(id) ?? 0;
    seen.set(id, turn + 1);
    return turn;
  });
  return [...turns.values()].flat();
}

export const writeFlat: Write = (doc, { facts, state, voice }, revision) => {
  const meta = { title: 'A long story', slug: 'a-long-story', revision };
  writeTree(doc, { meta, takes: [{ facts, state }], voices: [voice] });
};

export const writeNested: Write = (doc, { facts, state, voice }, revision) => {
  const takes = doc.getMap<Y.Map<unknown>>('takes');
  const voices = doc.getMap<Y.Map<unknown>>('voices');
  doc.transact(() => {
    doc.getMap('meta').set('revision', revision);
    if (!voices.has(voice.id)) voices.set(voice.id, new Y.Map(Object.entries(voice)));
    const take = takes.get(facts.id);
    if (take === undefined) {
      takes.set(facts.id, new Y.Map(Object.entries({ ...facts, ...state })));
      return;
    }
    for (const [key, value] of Object.entries(state)) {
      if (take.get(key) !== value) take.set(key, value);
    }
  });
};
