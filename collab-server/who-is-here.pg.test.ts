// Presence, and clients of y-websocket, beside each other.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { CLOSE } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { eventually, synced, textOf, useHouse } from './testing/house.ts';
import type { TestClient } from './testing/world.ts';

const house = useHouse(freshDatabase, { warmMs: 0 });

const namesSeenBy = (client: TestClient) =>
  [...(client.provider.awareness?.getStates().values() ?? [])].flatMap((state) =>
    state['user'] === undefined ? [] : [state['user']],
  );

describe('presence', () => {
  test('is who the session says, whatever the client says', async () => {
    const story = await house.plant();
    const [a, b] = [house.join(story.tree, house.mira), house.join(story.tree, house.jo)];
    await Promise.all([synced(a), synced(b)]);
    a.provider.awareness?.setLocalState({
      user: { id: house.jo.user.id, name: 'Jo', hue: 1 },
      recordingOver: story.seedId,
      smuggled: true,
    });
    await eventually(() => {
      const seen = b.provider.awareness?.getStates().get(a.doc.clientID);
      expect(seen).toEqual({ user: house.mira.user, recordingOver: story.seedId });
    });
  });

  test('of a listener, or that does not parse, is seen by nobody', async () => {
    const story = await house.plant();
    const [listener, forger, witness] = [
      house.join(story.tree, null),
      house.join(story.tree, house.mira),
      house.join(story.tree, house.jo),
    ];
    await Promise.all([synced(listener), synced(forger), synced(witness)]);
    listener.provider.awareness?.setLocalState({ user: house.mira.user });
    forger.provider.awareness?.setLocalState({ recordingOver: 'not a take' });
    const last = house.join(story.tree, house.jo);
    await synced(last);
    last.provider.awareness?.setLocalState({ recordingOver: story.seedId });
    await eventually(() =>
      expect(witness.provider.awareness?.getStates().get(last.doc.clientID)).toBeDefined(),
    );
    expect(witness.provider.awareness?.getStates().has(listener.doc.clientID)).toBe(false);
    expect(namesSeenBy(witness)).not.toContainEqual(
      expect.objectContaining({ recordingOver: 'not a take' }),
    );
  });

  test('of a client cannot be taken over by another person', async () => {
    const story = await house.plant();
    const [a, b] = [house.join(story.words, house.mira), house.join(story.words, house.jo)];
    await Promise.all([synced(a), synced(b)]);
    a.provider.awareness?.setLocalState({ recordingOver: story.seedId });
    const seenByB = () => b.provider.awareness?.getStates().get(a.doc.clientID);
    const told = { user: house.mira.user, recordingOver: story.seedId };
    await eventually(() => expect(seenByB()).toEqual(told));
    const disguise = new Y.Doc();
    disguise.clientID = a.doc.clientID;
    const forged = house.join(story.words, house.jo, { doc: disguise });
    await synced(forged);
    for (let n = 0; n < 5; n += 1) forged.provider.awareness?.setLocalState({ caret: null });
    disguise.clientID += 1;
    wordsOf(disguise).insert(0, 'after');
    await eventually(() => expect(textOf(b)).toBe('after'));
    expect(seenByB()).toEqual(told);
  });
});

describe('y-websocket', () => {
  test('clients share documents, edits and presence with the others', async () => {
    const story = await house.plant('Base.');
    const plain = house.joinPlain(story.words, house.jo);
    const native = house.join(story.words, house.mira);
    await eventually(() => expect(plain.provider.synced).toBe(true));
    await synced(native);
    expect(textOf(plain)).toBe('Base.');
    wordsOf(plain.doc).insert(0, 'plain ');
    wordsOf(native.doc).insert(wordsOf(native.doc).length, ' native');
    await eventually(() => {
      expect(textOf(plain)).toBe('plain Base. native');
      expect(textOf(native)).toBe('plain Base. native');
    });
    plain.provider.awareness.setLocalState({ user: { name: 'Somebody else' } });
    await eventually(() =>
      expect(native.provider.awareness?.getStates().get(plain.doc.clientID)).toEqual({
        user: house.jo.user,
      }),
    );
  });

  test('listeners read and cannot write, and a document that is not there closes', async () => {
    const story = await house.plant('Base.');
    const listener = house.joinPlain(story.words, null);
    const native = house.join(story.words, house.mira);
    await eventually(() => expect(textOf(listener)).toBe('Base.'));
    await synced(native);
    wordsOf(listener.doc).insert(0, 'no ');
    wordsOf(native.doc).insert(5, ' Yes.');
    await eventually(() => expect(textOf(listener)).toBe('no Base. Yes.'));
    expect(textOf(native)).toBe('Base. Yes.');
    const lost = house.joinPlain(`story:${randomUUID()}`, house.mira);
    const code = await new Promise((resolve) => {
      lost.provider.on('connection-close', (event) => resolve(event?.code));
    });
    expect(code).toBe(CLOSE.forbidden);
  });
});
