import { describe, expect, it } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { ServerCopy } from './server-copy.ts';

const SERVER = 'server';

/** A page's document, the copy that follows it, and somebody else's edits by way of the server. */
function page(words: string) {
  const others = new Y.Doc();
  const doc = new Y.Doc();
  const copy = new ServerCopy(doc);
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === SERVER) copy.received(update);
  });
  const bring = () =>
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(others, Y.encodeStateVector(doc)), SERVER);
  wordsOf(others).insert(0, words);
  bring();
  return { doc, copy, others, bring, text: wordsOf(doc) };
}

describe('ServerCopy', () => {
  it('has nothing unsaved when all is acknowledged, or undone', () => {
    const { copy, text } = page('Once.');
    copy.acknowledged();
    expect(copy.unsaved()).toBeNull();
    text.insert(5, ' Upon');
    expect(copy.unsaved()).toEqual({ base: 'Once.', text: 'Once. Upon' });
    text.delete(5, 5);
    expect(copy.unsaved()).toBeNull();
    text.insert(5, ' a time');
    copy.acknowledged();
    expect(copy.unsaved()).toBeNull();
  });

  it('counts what others write meanwhile as the server’s', () => {
    const { copy, text, others, bring } = page('Once.');
    copy.acknowledged();
    text.insert(5, ' Mine.');
    wordsOf(others).insert(0, 'Theirs. ');
    bring();
    expect(copy.unsaved()).toEqual({ base: 'Theirs. Once.', text: 'Theirs. Once. Mine.' });
  });

  it('does not know what the server had before the first acknowledgement', () => {
    const { copy, text } = page('Once.');
    text.insert(5, ' Mine.');
    expect(copy.unsaved()).toEqual({ base: null, text: 'Once. Mine.' });
  });
});
