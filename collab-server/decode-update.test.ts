import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { decodeUpdate } from './decode-update.ts';
import { MalformedFrame } from './frames.ts';
import { blank } from './update-guard.ts';

/** What decoding may cost, milliseconds of processor time: applying would take five times as much. */
const AT_ONCE_MS = 100;

describe('an update', () => {
  test('that claims thirty million structs in seven bytes is refused at once', () => {
    const began = process.threadCpuUsage();
    expect(() => decodeUpdate(new Uint8Array([1, 0x80, 0x87, 0xa7, 0x0e, 1, 0]))).toThrow(
      MalformedFrame,
    );
    const { user, system } = process.threadCpuUsage(began);
    expect((user + system) / 1_000).toBeLessThan(AT_ONCE_MS);
  });

  test.each([[[]], [[0]], [[1, 1]], [[255, 255, 255, 255]]])('of %j is refused', (bytes) => {
    expect(() => decodeUpdate(new Uint8Array(bytes))).toThrow(MalformedFrame);
  });

  test('of a person is taken apart', () => {
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'Once');
    wordsOf(doc).delete(0, 2);
    const { structs, ds } = decodeUpdate(Y.encodeStateAsUpdate(doc));
    expect(structs.map(({ length }) => length)).toEqual([2, 2]);
    expect([...ds.clients.values()].flat()).toMatchObject([{ clock: 0, len: 2 }]);
  });

  test.each([
    ['its bytes', (bytes: Uint8Array) => bytes],
    ['its bytes in a buffer', (bytes: Uint8Array) => Buffer.from(bytes)],
  ])('is taken apart again once somebody has changed %s', (_, held) => {
    const doc = new Y.Doc();
    wordsOf(doc).insert(0, 'Once');
    const update = held(Y.encodeStateAsUpdate(doc));
    expect(decodeUpdate(update).structs).toHaveLength(1);
    expect(decodeUpdate(new Uint8Array(update)).structs).toHaveLength(1);
    blank(update);
    expect(decodeUpdate(update).structs).toHaveLength(0);
  });
});
