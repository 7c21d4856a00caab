// Edits of one turn leave together, but for the first one of a document that was quiet.
import { Connection, Document } from '@hocuspocus/server';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { readFrame, syncIn } from './frames.ts';
import { hastenLoneEdits } from './lone-edits.ts';

/** A document with one reader, and what the reader saw of it, frame by frame. */
function reading() {
  const document = new Document('take:1:words');
  const frames: Uint8Array[] = [];
  const socket = {
    readyState: 1,
    send: (frame: Uint8Array) => void frames.push(frame.slice()),
    close: () => undefined,
  };
  const reader = new Connection(socket, new Request('http://localhost'), document, 'socket', {});
  expect(document.hasConnection(reader)).toBe(true);
  let nowMs = 0;
  hastenLoneEdits(document, () => nowMs);
  return {
    write: (text: string) => wordsOf(document).insert(0, text),
    wait: (ms: number) => void (nowMs += ms),
    /** What came in each frame so far, as text that the reader has after it. */
    seen: () => {
      const copy = new Y.Doc();
      return frames.map((frame) => {
        Y.applyUpdate(copy, syncIn(readFrame(frame))?.payload ?? new Uint8Array());
        return wordsOf(copy).toJSON();
      });
    },
  };
}

test('an edit that comes alone has left before its turn is over', () => {
  const { write, wait, seen } = reading();
  write('a');
  expect(seen()).toEqual(['a']);
  wait(20);
  write('b');
  expect(seen()).toEqual(['a', 'ba']);
});

test('what follows on it in the same turn leaves in one frame at the end of the turn', async () => {
  const { write, seen } = reading();
  for (const letter of 'abcd') write(letter);
  expect(seen()).toEqual(['a']);
  await turn();
  expect(seen()).toEqual(['a', 'dcba']);
});

test('edits that come one after the other without a pause are gathered', async () => {
  const { write, wait, seen } = reading();
  write('a');
  for (const letter of 'bcd') {
    wait(2);
    write(letter);
  }
  expect(seen()).toEqual(['a']);
  await turn();
  expect(seen()).toEqual(['a', 'dcba']);
});
