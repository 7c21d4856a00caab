// What every object store must do with its links, over real HTTP.
import { expect, it } from 'vitest';
import { bytesOf } from './bodies.ts';
import { putPart, soon, status, type, type Given, type Traits } from './conformance-given.ts';

export function describeReadLinks(given: Given, { answersLongSuffix }: Traits): void {
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

export function describeLinkChecks(given: Given): void {
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
