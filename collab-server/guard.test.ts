import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';
import {
  authenticationFrame,
  FRAME,
  MalformedFrame,
  readFrame,
  resyncFrame,
  typeOf,
  withAddress,
} from './frames.ts';
import { assertWordsFit, FrameGuard, TooLarge } from './guard.ts';
import { yWebsocketDialect } from './dialect.ts';

function documentWith(text: string): Y.Doc {
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, text);
  return doc;
}

/** The update of one edit of a copy. */
function editOf(doc: Y.Doc, edit: (text: Y.Text) => void): Uint8Array {
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc));
  edit(wordsOf(copy));
  return Y.encodeStateAsUpdate(copy, Y.encodeStateVector(doc));
}

function fits(doc: Y.Doc, update: Uint8Array): boolean {
  try {
    assertWordsFit(doc, update);
    return true;
  } catch (error) {
    if (error instanceof TooLarge) return false;
    throw error;
  }
}

describe('words', () => {
  const full = documentWith('x'.repeat(MAX_WORDS_LENGTH));

  test('may reach the limit and not pass it', () => {
    const nearly = documentWith('x'.repeat(MAX_WORDS_LENGTH - 1));
    expect(() =>
      assertWordsFit(
        nearly,
        editOf(nearly, (t) => t.insert(0, 'y')),
      ),
    ).not.toThrow();
    expect(() =>
      assertWordsFit(
        nearly,
        editOf(nearly, (t) => t.insert(0, 'yy')),
      ),
    ).toThrow(TooLarge);
    expect(() =>
      assertWordsFit(
        full,
        editOf(full, (t) => t.insert(9, 'y')),
      ),
    ).toThrow(TooLarge);
  });

  test('that are full may still be replaced, deleted and sent again', () => {
    const replaced = editOf(full, (text) => {
      text.delete(0, 4_000);
      text.insert(0, 'y'.repeat(3_000));
    });
    expect(() => assertWordsFit(full, replaced)).not.toThrow();
    expect(() => assertWordsFit(full, Y.encodeStateAsUpdate(full))).not.toThrow();
    expect(wordsOf(full).length).toBe(MAX_WORDS_LENGTH);
  });

  test('that are full are not copied for each edit of them', () => {
    const writes = vi.spyOn(Y.Item.prototype, 'write');
    const replaced = editOf(full, (text) => {
      text.delete(7, 1);
      text.insert(7, 'y');
    });
    writes.mockClear();
    expect(() => assertWordsFit(full, replaced)).not.toThrow();
    expect(writes).not.toHaveBeenCalled();
    writes.mockRestore();
  });

  test('are measured as Yjs does, whatever is deleted of what is there or what comes', () => {
    const edit = fc.tuple(fc.nat(), fc.nat({ max: 40 }), fc.nat({ max: 40 }));
    fc.assert(
      fc.property(fc.nat({ max: 60 }), fc.array(edit, { maxLength: 6 }), (room, edits) => {
        const doc = documentWith('x'.repeat(MAX_WORDS_LENGTH - room));
        const ahead = documentWith('');
        Y.applyUpdate(ahead, Y.encodeStateAsUpdate(doc));
        for (const [n, gone, come] of edits) {
          const at = n % (wordsOf(ahead).length + 1);
          wordsOf(ahead).delete(at, Math.min(gone, wordsOf(ahead).length - at));
          wordsOf(ahead).insert(at, 'y'.repeat(come));
        }
        // Everything, once more: what is known already does not count.
        const update = Y.encodeStateAsUpdate(ahead);
        expect(fits(doc, update)).toBe(wordsOf(ahead).length <= MAX_WORDS_LENGTH);
      }),
    );
  });
});

describe('a frame', () => {
  test('has its type behind a name of any length', () => {
    for (const name of ['a', 'x'.repeat(127), 'x'.repeat(128), 'ä'.repeat(9_000)]) {
      const frame = authenticationFrame(name);
      expect(typeOf(frame)).toBe(FRAME.auth);
      expect(readFrame(frame)).toMatchObject({ document: name, type: FRAME.auth });
    }
  });

  test('of y-websocket is one of the three that its clients send', () => {
    const dialect = yWebsocketDialect('doc');
    for (const type of [FRAME.sync, FRAME.presence, FRAME.queryPresence]) {
      expect(readFrame(dialect.toServer(new Uint8Array([type, 0])))).toMatchObject({
        document: 'doc',
        type,
      });
    }
    for (const type of [FRAME.auth, FRAME.syncReply, 5, 6, 7, FRAME.syncStatus, 200]) {
      expect(() => dialect.toServer(new Uint8Array([type, 0]))).toThrow(MalformedFrame);
    }
    expect(() => dialect.toServer(new Uint8Array())).toThrow(MalformedFrame);
  });
});

const asking = (document: string) =>
  resyncFrame(withAddress(document, new Uint8Array([0])), new Uint8Array([0]));
const id = '6b0d7a6e-7f7d-4f8e-9a53-3f6f2d9f5a11';
const draftName = `draft:${id}:${id}`;
const frameOf = (type: number, bytes: number) =>
  withAddress('story:a', new Uint8Array(bytes).fill(type, 0, 1));

describe('a socket', () => {
  test('may ask for a whole document four times at once, then once in two seconds', () => {
    let nowMs = 1_000_000;
    const guard = new FrameGuard(() => nowMs);
    for (let n = 0; n < 4; n += 1) guard.check(asking('story:a'));
    expect(() => guard.check(asking('story:a'))).toThrow(MalformedFrame);
    expect(() => guard.check(asking('story:b'))).not.toThrow();
    nowMs += 4_000;
    expect(() => guard.check(asking('story:a'))).not.toThrow();
  });

  test('names no document at more length than any has, and that in one byte', () => {
    const guard = new FrameGuard();
    const longest = `${draftName}\0${'s'.repeat(127 - draftName.length - 1)}`;
    expect(() => guard.check(authenticationFrame(longest))).not.toThrow();
    expect(() => guard.check(authenticationFrame(`${longest}s`))).toThrow(MalformedFrame);
    expect(() => guard.check(withAddress('x'.repeat(500_000), new Uint8Array([3])))).toThrow(
      MalformedFrame,
    );
    // A length of 1 in two bytes.
    expect(() => guard.check(new Uint8Array([0x81, 0, 97, FRAME.queryPresence]))).toThrow(
      MalformedFrame,
    );
  });

  test('speaks no frames that only servers send, and sends no room’s worth of presence twice', () => {
    const guard = new FrameGuard();
    for (const type of [5, 6, FRAME.syncStatus, 11, 100]) {
      expect(() => guard.check(frameOf(type, 10))).toThrow(MalformedFrame);
    }
    expect(() => guard.check(frameOf(FRAME.presence, 60 * 1024))).not.toThrow();
    expect(() => guard.check(frameOf(FRAME.presence, 65 * 1024))).toThrow(MalformedFrame);
    expect(() => guard.check(withAddress('__proto__', new Uint8Array([2, 0, 0])))).toThrow(
      MalformedFrame,
    );
  });
});
