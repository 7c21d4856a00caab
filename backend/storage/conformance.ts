// What every object store must do, run against each adapter by its test, over real HTTP wherever
// a signed link is involved.
import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  InvalidKey,
  ObjectConflict,
  ObjectMissing,
  RangeUnsatisfiable,
  UploadGone,
  type ObjectStore,
} from './objects.ts';
import { bytesOf, chunked, collect, sha256 } from './testing/bodies.ts';

export interface Subject {
  readonly store: ObjectStore;
  close(): Promise<void>;
}

export interface Traits {
  /** The store checks the signature and the expiry of links. */
  readonly checksLinks: boolean;
  /** A suffix range longer than the object answers with all of it, as RFC 9110 has it. */
  readonly answersLongSuffix: boolean;
  /** The least size of a part that is not the last, bytes. */
  readonly leastPartBytes: number;
}

/** Returns the store of the running test, and a key that no other test uses. */
type Given = () => { store: ObjectStore; key: string };

/** Declares the suite for one adapter. */
export function describeObjectStore(
  name: string,
  open: () => Promise<Subject>,
  traits: Traits,
): void {
  describe(`an object store ${name}`, () => {
    let subject: Subject;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(() => subject.close());
    const given: Given = () => ({ store: subject.store, key: `test/${randomUUID()}/object.bin` });
    describe('objects', () => {
      describeObjects(given);
    });
    describe('keys', () => {
      describeKeys(given);
    });
    describe('write once', () => {
      describeWriteOnce(given);
    });
    describe('reading through a link', () => {
      describeReadLinks(given, traits);
    });
    describe('multipart', () => {
      describeMultipart(given, traits);
      describeStaleUploads(given);
    });
    describe.runIf(traits.checksLinks)('links', () => {
      describeLinkChecks(given);
    });
  });
}

const type = { contentType: 'audio/x-test' };
const soon = { expiresInSeconds: 60 };

function describeObjects(given: Given): void {
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

function describeKeys(given: Given): void {
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

function describeWriteOnce(given: Given): void {
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

function describeReadLinks(given: Given, { answersLongSuffix }: Traits): void {
  it('answers every form of Range', async () => {
    const { store, key } = given();
    const bytes = bytesOf(1000, 10);
    await store.put(key, bytes, type);
    const url = await store.signedGet(key, soon);
    const whole = await fetch(url);
    expect([whole.status, whole.headers.get('content-type')]).toEqual([200, 'audio/x-test']);
    expect(Buffer.from(await whole.arrayBuffer())).toEqual(Buffer.from(bytes));
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=100-199', 100, 199],
      ['bytes=990-', 990, 999],
      ['bytes=990-2000', 990, 999],
      ['bytes=-10', 990, 999],
      ['bytes=-5000', 0, 999],
    ] as const) {
      if (range === 'bytes=-5000' && !answersLongSuffix) continue;
      const part = await fetch(url, { headers: { range } });
      expect([range, part.status]).toEqual([range, 206]);
      expect(part.headers.get('content-range')).toBe(`bytes ${start}-${end}/1000`);
      expect(Buffer.from(await part.arrayBuffer())).toEqual(
        Buffer.from(bytes.subarray(start, end + 1)),
      );
    }
    const past = await fetch(url, { headers: { range: 'bytes=1000-' } });
    expect(past.status).toBe(416);
    await past.body?.cancel();
  });
}

function describeMultipart(given: Given, { leastPartBytes }: Traits): void {
  it('joins parts sent in any order, and again, byte for byte', async () => {
    const { store, key } = given();
    const parts = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 3 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(parts, fc.integer({ min: 1, max: 5000 }), async (extra, last) => {
        const name = `${key}.${(run += 1)}`;
        const sizes = extra.map((more, index) =>
          index === extra.length - 1 ? last : leastPartBytes + more,
        );
        const sent = sizes.map((size, index) => bytesOf(size, index + run));
        const id = await store.createUpload(name, type);
        await sendPart({ store, key: name, id }, 1, bytesOf(7, 99)); // replaced below
        for (const [index, bytes] of [...sent.entries()].toReversed()) {
          await sendPart({ store, key: name, id }, index + 1, bytes);
        }
        const listed = await store.listParts(name, id);
        expect(listed.map(({ number, bytes }) => [number, bytes])).toEqual(
          sizes.map((size, index) => [index + 1, size]),
        );
        await store.completeUpload(name, id);
        const object = await store.get(name);
        expect(object.contentType).toBe(type.contentType);
        expect(sha256(await collect(object.body))).toBe(sha256(Buffer.concat(sent)));
      }),
      { numRuns: leastPartBytes > 1_000_000 ? 6 : 30 },
    );
  });

  it('completes once, however often and by however many it is asked', async () => {
    const { store, key } = given();
    const bytes = bytesOf(3000, 11);
    const id = await store.createUpload(key, type);
    await sendPart({ store, key, id }, 1, bytes);
    await Promise.all([1, 2, 3].map(() => store.completeUpload(key, id)));
    await store.completeUpload(key, id);
    expect(await collect((await store.get(key)).body)).toEqual(Buffer.from(bytes));
    await expect(store.listParts(key, id)).rejects.toThrow(UploadGone);
    const late = await putPart(await store.signedPart(key, id, 1, soon), bytes);
    expect(late).toBe(404);
  });

  it('keeps no object of an upload that is aborted or empty', async () => {
    const { store, key } = given();
    const id = await store.createUpload(key, type);
    expect(await store.listParts(key, id)).toEqual([]);
    await expect(store.completeUpload(key, id)).rejects.toThrow(UploadGone);
    await sendPart({ store, key, id }, 1, bytesOf(3000, 12));
    await store.abortUpload(key, id);
    await store.abortUpload(key, id);
    await expect(store.completeUpload(key, id)).rejects.toThrow(UploadGone);
    expect(await store.head(key)).toBeNull();
  });
}

function describeStaleUploads(given: Given): void {
  it('ends what was opened before a moment, and nothing that was opened after', async () => {
    const { store, key } = given();
    const id = await store.createUpload(key, type);
    expect(await store.abortUploadsBefore(new Date(Date.now() - 60_000))).toBe(0);
    expect(await store.listParts(key, id)).toEqual([]);
    expect(await store.abortUploadsBefore(new Date(Date.now() + 60_000))).toBeGreaterThan(0);
    await expect(store.listParts(key, id)).rejects.toThrow(UploadGone);
  });
}

function describeLinkChecks(given: Given): void {
  it('refuses a link that was altered, or is for something else', async () => {
    const { store, key } = given();
    await store.put(key, bytesOf(100, 13), type);
    await store.put(`${key}.other`, bytesOf(100, 14), type);
    const url = await store.signedGet(key, soon);
    expect(await status(fetch(url.replace('object.bin', 'object.bin.other')))).toBe(403);
    expect(await status(fetch(url.split('?')[0] ?? ''))).toBe(403);
    expect(await status(fetch(url, { method: 'PUT', body: 'x' }))).toBe(403);
    const id = await store.createUpload(`${key}.new`, type);
    const part = await store.signedPart(`${key}.new`, id, 1, soon);
    const another = new URL(part);
    for (const name of new URL(part).searchParams.keys()) {
      if (/^part(number)?$/iu.test(name)) another.searchParams.set(name, '2');
    }
    expect(another.href).not.toBe(part);
    expect(await putPart(another.href, bytesOf(10, 15))).toBe(403);
    await store.abortUpload(`${key}.new`, id);
  });

  it('refuses a link once it has expired', async () => {
    const { store, key } = given();
    await store.put(key, bytesOf(100, 16), type);
    const url = await store.signedGet(key, { expiresInSeconds: 1 });
    await expect.poll(() => status(fetch(url)), { timeout: 5_000, interval: 200 }).toBe(403);
  });
}

async function sendPart(
  upload: { store: ObjectStore; key: string; id: string },
  number: number,
  bytes: Uint8Array,
): Promise<void> {
  const url = await upload.store.signedPart(upload.key, upload.id, number, soon);
  expect(await putPart(url, bytes)).toBe(200);
}

/** PUTs as a browser does: a body of known length, no headers of its own. */
function putPart(url: string, bytes: Uint8Array): Promise<number> {
  return status(fetch(url, { method: 'PUT', body: new Blob([new Uint8Array(bytes)]) }));
}

async function status(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

async function* breaking(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield* chunked(bytes, 65_536);
  throw new Error('broke');
}
