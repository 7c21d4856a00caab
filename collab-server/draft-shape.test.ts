// What the guard of drafts refuses, or asks for.
import * as encoding from 'lib0/encoding';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { putDraft } from '#domain/story/draft.ts';
import {
  draft,
  draftId,
  entryOfDraft,
  send,
  serverWith,
  textOfDraft,
  updateOf,
} from './testing/drafts-guarded.ts';
import { Unfit } from './update-guard.ts';

type Act = (doc: Y.Doc) => void;

describe('the guard of drafts', () => {
  const unfit: readonly [string, Act][] = [
    ['another root', (doc) => doc.getMap('else').set(draftId(1), 1)],
    ['a draft whose key is no id', (doc) => doc.getMap('drafts').set('x', new Y.Map())],
    [
      'a draft whose key is in capitals',
      (doc) => doc.getMap('drafts').set('ABCDEF00-1111-4111-8111-111111111111', new Y.Map()),
    ],
    ['a draft that is a value', (doc) => doc.getMap('drafts').set(draftId(1), 'x')],
    ['a draft that is a text', (doc) => doc.getMap('drafts').set(draftId(2), new Y.Text('x'))],
    ['a draft that is XML', (doc) => doc.getMap('drafts').set(draftId(2), new Y.XmlHook('x'))],
    ['a field that drafts have not', (doc) => entryOfDraft(doc, 1).set('else', 1)],
    ['a parent that is no id', (doc) => entryOfDraft(doc, 1).set('parentId', 'x'.repeat(100_000))],
    ['a parent that is a map', (doc) => entryOfDraft(doc, 1).set('parentId', new Y.Map())],
    ['a time before all times', (doc) => entryOfDraft(doc, 1).set('beganMs', -1)],
    ['words that are a value', (doc) => entryOfDraft(doc, 1).set('words', 'x')],
    ['words that are XML', (doc) => entryOfDraft(doc, 1).set('words', new Y.XmlText('x'))],
    ['words that are a map', (doc) => entryOfDraft(doc, 1).set('words', new Y.Map())],
    ['a file among the words', (doc) => textOfDraft(doc, 1).insertEmbed(2, { bytes: 'x' })],
    ['a type among the words', (doc) => textOfDraft(doc, 1).insertEmbed(2, new Y.Map())],
    ['words that are bold', (doc) => textOfDraft(doc, 1).insert(2, 'x', { bold: true })],
    ['a NUL among the words', (doc) => textOfDraft(doc, 1).insert(2, '\0')],
    ['words with an attribute', (doc) => textOfDraft(doc, 1).setAttribute('lang', 'en')],
  ];
  test.each(unfit)('refuses %s', (_what, write) => {
    const server = serverWith(1);
    const before = Y.encodeStateAsUpdate(server);
    expect(() => send(server, updateOf(server, write))).toThrow(Unfit);
    // Hidden in the middle of what is honest, too.
    const hidden = updateOf(server, (doc) => {
      putDraft(doc, draft(3));
      write(doc);
      putDraft(doc, draft(4));
    });
    expect(() => send(server, hidden)).toThrow(Unfit);
    expect(Y.encodeStateAsUpdate(server)).toEqual(before);
  });

  test('refuses text in the place of the drafts', () => {
    const list = new Y.Doc();
    list.getText('drafts').insert(0, 'x');
    expect(() => send(new Y.Doc(), Y.encodeStateAsUpdate(list))).toThrow(Unfit);
  });

  test('refuses a value in the place of words that only a neighbour gives away', () => {
    const server = serverWith(1);
    const text = Y.createRelativePositionFromTypeIndex(textOfDraft(server, 1), 3);
    const last = text.item;
    if (last === null) throw new Error('no words');
    // An item after the last character, with a value in it.
    const encoder = encoding.createEncoder();
    for (const n of [1, 1, 77, 0]) encoding.writeVarUint(encoder, n);
    const [ANY, HAS_ORIGIN] = [8, 0x80];
    encoding.writeUint8(encoder, ANY | HAS_ORIGIN);
    for (const n of [last.client, last.clock, 1]) encoding.writeVarUint(encoder, n);
    encoding.writeAny(encoder, 'x');
    encoding.writeVarUint(encoder, 0);
    expect(() => send(server, encoding.toUint8Array(encoder))).toThrow(Unfit);
  });

  test('asks for what an update hangs on, and for what hangs on itself', () => {
    const [server, elsewhere] = [new Y.Doc(), serverWith(1)];
    const before = Y.encodeStateVector(elsewhere);
    const other = new Y.Doc();
    Y.applyUpdate(other, Y.encodeStateAsUpdate(elsewhere));
    textOfDraft(other, 1).insert(2, 'x');
    expect(send(server, Y.encodeStateAsUpdate(other, before))).toBe(false);
    // Two characters, each of them after the other.
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, 2);
    for (const [client, origin] of [
      [78, 77],
      [77, 78],
    ] as const) {
      for (const n of [1, client, 0]) encoding.writeVarUint(encoder, n);
      encoding.writeUint8(encoder, 4 | 0x80);
      for (const n of [origin, 0]) encoding.writeVarUint(encoder, n);
      encoding.writeVarString(encoder, 'x');
    }
    encoding.writeVarUint(encoder, 0);
    expect(send(server, encoding.toUint8Array(encoder))).toBe(false);
  });
});
