import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { remoteCarets } from './carets.ts';

const user = { id: 'mira', name: 'Mira', hue: 2 };

function setUp(words = 'once upon') {
  const doc = new Y.Doc();
  const text = doc.getText('words');
  text.insert(0, words);
  const at = (index: number) =>
    JSON.parse(JSON.stringify(Y.createRelativePositionFromTypeIndex(text, index, -1))) as unknown;
  const of = (caret: unknown, clientId = 7) =>
    remoteCarets(text, new Map([[clientId, { user, caret }]]));
  return { doc, text, at, of };
}

describe('remoteCarets', () => {
  it('places a caret, and keeps it behind its letter when the text grows before it', () => {
    const { text, at, of } = setUp();
    const caret = { anchor: at(0), head: at(4) };
    expect(of(caret)).toEqual([{ clientId: 7, user, anchor: 0, head: 4 }]);
    text.insert(1, 'XX');
    expect(of(caret)).toMatchObject([{ anchor: 0, head: 6 }]);
  });

  it('leaves out the own caret, hidden ones, and people without one', () => {
    const { doc, text, at, of } = setUp();
    expect(of({ anchor: at(0), head: at(0) }, doc.clientID)).toEqual([]);
    expect(of(null)).toEqual([]);
    expect(remoteCarets(text, new Map([[7, { user }]]))).toEqual([]);
  });

  it('leaves out a caret in text that has not arrived, until it has', () => {
    const { doc, text } = setUp();
    const ahead = new Y.Doc();
    Y.applyUpdate(ahead, Y.encodeStateAsUpdate(doc));
    ahead.getText('words').insert(9, ' a time');
    const head = Y.createRelativePositionFromTypeIndex(ahead.getText('words'), 16, -1);
    const states = new Map([[7, { user, caret: { anchor: head, head } }]]);
    expect(remoteCarets(text, states)).toEqual([]);
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(ahead));
    expect(remoteCarets(text, states)).toMatchObject([{ head: 16 }]);
  });

  it.each([
    ['nothing', {}],
    ['another root', { tname: 'elsewhere' }],
    ['a type of nobody', { type: { client: 9, clock: 9 } }],
    ['a broken id', { item: { client: -1, clock: 0.5 } }],
    ['an unknown item', { item: { client: 99, clock: 3 } }],
    ['a string', 'at the end'],
  ])('ignores a hostile position without a throw or a new root: %s', (_what, position) => {
    const { doc, of } = setUp();
    expect(of({ anchor: position, head: position })).toEqual([]);
    expect([...doc.share.keys()]).toEqual(['words']);
  });
});
