// What every object store must do with objects and their keys.
import { expect, it } from 'vitest';
import { InvalidKey, ObjectConflict, ObjectMissing, RangeUnsatisfiable } from '../objects.ts';
import { bytesOf, chunked, collect, sha256 } from './bodies.ts';
import { type, type Given } from './conformance-given.ts';

export function describeObjects(given: Given): void {
  it('gives back what was put, with its size, type and hash', async () => {
    const { store, key } = given();
    const bytes = bytesOf(1_500_000, 1);
    expect(await store.put(key, bytes, type)).toEqual({ bytes: 1_500_000, sha256: sha256(bytes) });
    expect(await store.head(key)).toEqual({ bytes: 1_500_000, ...type });
    const object = await store.get(key);
    expect({ bytes: object.bytes, contentType: object.contentType }).toEqual({
      bytes: 1_500_000,
      ...type,
    });
    expect(sha256(await collect(object.body))).toBe(sha256(bytes));
  });

  it('stores a stream byte for byte, small and large', async () => {
    const { store, key } = given();
    for (const size of [0, 1, 1_500_000, 12_000_001]) {
      const bytes = bytesOf(size, 2);
      const put = await store.put(`${key}.${size}`, chunked(bytes, 65_537), type);
      expect(put).toEqual({ bytes: size, sha256: sha256(bytes) });
      const { body } = await store.get(`${key}.${size}`);
      expect(sha256(await collect(body))).toBe(sha256(bytes));
    }
  });

  it('reads ranges, cut at the object’s end', async () => {
    const { store, key } = given();
    const bytes = bytesOf(1000, 3);
    await store.put(key, bytes, type);
    for (const [start, end] of [
      [0, 0],
      [10, 19],
      [999, 999],
      [990, 5000],
    ] as const) {
      const object = await store.get(key, { start, end });
      expect(object.bytes).toBe(1000);
      expect(await collect(object.body)).toEqual(Buffer.from(bytes.subarray(start, end + 1)));
    }
    await expect(store.get(key, { start: 1000, end: 1001 })).rejects.toThrow(RangeUnsatisfiable);
  });

  it('says so when there is no such object, and deletes without complaint', async () => {
    const { store, key } = given();
    expect(await store.head(key)).toBeNull();
    await expect(store.get(key)).rejects.toThrow(ObjectMissing);
    await store.delete(key);
    await store.put(key, bytesOf(10, 4), type);
    await store.delete(key);
    expect(await store.head(key)).toBeNull();
  });
}

export function describeKeys(given: Given): void {
  it('lists keys by prefix, and holds a key beside another one under it', async () => {
    const { store, key } = given();
    const keys = [key, `${key}/below`, `${key}-beside`];
    for (const each of keys) await store.put(each, bytesOf(5, 5), type);
    const listed: string[] = [];
    const since = Date.now();
    for await (const { key: each, bytes, storedAt } of store.list(key)) {
      listed.push(each);
      expect(bytes).toBe(5);
      expect(Math.abs(storedAt.getTime() - since)).toBeLessThan(60_000);
    }
    expect(listed).toEqual(keys.toSorted());
  });

  it('lists them by key, whatever stands beside and below', async () => {
    const { store, key } = given();
    const ends = ['b', 'b-', 'b.c', 'b/c', 'b/c/d', 'b0', 'ba', 'a/z', 'a-/z', 'c'];
    const keys = ends.map((end) => `${key}/${end}`);
    await Promise.all(keys.map((each) => store.put(each, bytesOf(1, 5), type)));
    const listed: string[] = [];
    for await (const object of store.list(`${key}/`)) listed.push(object.key);
    expect(listed).toEqual(keys.toSorted());
  });

  it('refuses keys that could lead elsewhere', async () => {
    const { store } = given();
    for (const key of ['', '/a', 'a/', 'a//b', '../a', 'a/../b', 'a/..', 'A', 'a b', 'a=data']) {
      await expect(store.put(key, bytesOf(1, 6), type)).rejects.toThrow(InvalidKey);
      await expect(store.get(key)).rejects.toThrow(InvalidKey);
    }
    await expect(store.head('a'.repeat(257))).rejects.toThrow(InvalidKey);
  });
}

export function describeWriteOnce(given: Given): void {
  it('accepts equal bytes again and refuses others', async () => {
    const { store, key } = given();
    const bytes = bytesOf(1000, 7);
    await store.put(key, bytes, type);
    await store.put(key, chunked(bytes, 100), type);
    await expect(store.put(key, bytesOf(1000, 8), type)).rejects.toThrow(ObjectConflict);
    await expect(store.put(key, bytesOf(999, 8), type)).rejects.toThrow(ObjectConflict);
    expect(await collect((await store.get(key)).body)).toEqual(Buffer.from(bytes));
  });

  it('stores nothing of a stream that breaks', async () => {
    const { store, key } = given();
    for (const size of [1000, 12_000_000]) {
      await expect(store.put(key, breaking(bytesOf(size, 9)), type)).rejects.toThrow('broke');
      expect(await store.head(key)).toBeNull();
    }
  });
}

async function* breaking(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunked(bytes, 65_536);
  throw new Error('broke');
}
