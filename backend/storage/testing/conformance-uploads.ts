// What every object store must do with uploads in parts, which are sent over real HTTP.
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { UploadGone } from '../objects.ts';
import { bytesOf, collect, sha256 } from './bodies.ts';
import { putPart, sendPart, soon, type, type Given, type Traits } from './conformance-given.ts';

export function describeMultipart(given: Given, { leastPartBytes }: Traits): void {
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

export function describeStaleUploads(given: Given): void {
  it('ends what was opened before a moment below a prefix, and nothing that was opened after', async () => {
    const { store, key } = given();
    const prefix = key.slice(0, -'object.bin'.length);
    const id = await store.createUpload(key, type);
    expect(await store.abortUploadsBefore(prefix, new Date(Date.now() - 60_000))).toBe(0);
    expect(await store.listParts(key, id)).toEqual([]);
    expect(await store.abortUploadsBefore(prefix, new Date(Date.now() + 60_000))).toBe(1);
    await expect(store.listParts(key, id)).rejects.toThrow(UploadGone);
  });

  it('leaves uploads alone that lie elsewhere', async () => {
    const { store, key } = given();
    const id = await store.createUpload(key, type);
    const later = new Date(Date.now() + 60_000);
    expect(await store.abortUploadsBefore(`other/${key}`, later)).toBe(0);
    expect(await store.abortUploadsBefore(`${key}/below/`, later)).toBe(0);
    expect(await store.listParts(key, id)).toEqual([]);
    await store.abortUpload(key, id);
  });
}
