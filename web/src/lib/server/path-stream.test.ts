import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RenderedPath } from '#backend/media/rendered-path.ts';
import { DiskStore } from '#backend/storage/disk.ts';
import { DiskLinks } from '#backend/storage/disk-links.ts';
import { ObjectMissing, type ObjectStore } from '#backend/storage/objects.ts';
import { takeId } from '#domain/story/ids.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import type { Pack, RenderedTake } from '#domain/timeline/path-packs.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { serveRendered } from './path-stream.ts';

const INIT = Buffer.from('an init section');
const SEGMENT_BYTES = 100_000;
let root: string;
let objects: ObjectStore;
let path: Pick<RenderedPath, 'rendered' | 'complete'>;
let whole: Buffer;
let bodies: { seed: Buffer; leaf: Buffer };

function pack(objectKey: string, segments: number): Pack {
  return {
    objectKey,
    sha256: '0'.repeat(64),
    bytes: INIT.length + segments * SEGMENT_BYTES,
    initBytes: INIT.length,
    segments: Array.from({ length: segments }, (_, index) => ({
      offset: INIT.length + index * SEGMENT_BYTES,
      bytes: SEGMENT_BYTES,
      durationSamples: SEGMENT_SAMPLES,
    })),
  };
}

function get(headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  const request = new Request('http://localhost/path', { headers, method });
  return serveRendered(request, objects, path, 'aac');
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tap-path-'));
  objects = new DiskStore(
    root,
    new DiskLinks({ origin: 'http://localhost', secret: 'x'.repeat(32) }),
  );
  bodies = { seed: randomBytes(4 * SEGMENT_BYTES), leaf: randomBytes(2 * SEGMENT_BYTES) };
  for (const [key, body] of Object.entries(bodies))
    await objects.put(`mix/${key}`, Buffer.concat([INIT, body]), { contentType: 'audio/mp4' });
  const seed: RenderedTake = {
    takeId: takeId('0190d5a6-0000-7000-8000-000000000001'),
    startSamples: 0,
    firstSegment: 0,
    pack: pack('mix/seed', 4),
  };
  const leaf: RenderedTake = {
    takeId: takeId('0190d5a6-0000-7000-8000-000000000002'),
    startSamples: 3 * SEGMENT_SAMPLES + 5,
    firstSegment: 3,
    pack: pack('mix/leaf', 2),
  };
  path = { rendered: [seed, leaf], complete: true };
  const response = await get();
  whole = Buffer.from(await response.arrayBuffer());
});

afterAll(() => rm(root, { recursive: true }));

describe('a path as one file', () => {
  test('is its header, the parent up to the fork, and then the leaf', () => {
    expect(whole.subarray(-5 * SEGMENT_BYTES)).toEqual(
      Buffer.concat([bodies.seed.subarray(0, 3 * SEGMENT_BYTES), bodies.leaf]),
    );
  });

  test('is whole without a Range, and says how long it is', async () => {
    const response = await get();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(whole.length));
    expect(response.headers.get('accept-ranges')).toBe('bytes');
    expect(response.headers.get('content-type')).toBe('audio/mp4; codecs="mp4a.40.2"');
    await response.body?.cancel();
  });

  test.each([
    ['bytes=0-', 0],
    ['bytes=3-9', 3],
    ['bytes=150000-420000', 150_000],
    ['bytes=-10', -10],
  ])('answers %s with those bytes across packs', async (range, from) => {
    const response = await get({ range });
    expect(response.status).toBe(206);
    const body = Buffer.from(await response.arrayBuffer());
    const start = from < 0 ? whole.length + from : from;
    expect(body.equals(whole.subarray(start, start + body.length))).toBe(true);
    const end = start + body.length - 1;
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${whole.length}`);
    expect(response.headers.get('content-length')).toBe(String(body.length));
  });

  test('refuses a range behind its end and names its size', async () => {
    const response = await get({ range: `bytes=${whole.length}-` });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe(`bytes */${whole.length}`);
  });

  test('a HEAD has the headers of the GET and no body', async () => {
    const response = await get({ range: 'bytes=10-19' }, 'HEAD');
    expect(response.status).toBe(206);
    expect(response.headers.get('content-length')).toBe('10');
    expect(response.body).toBeNull();
  });

  test('is not sent again to whoever has it, and a range of another version is not joined', async () => {
    const etag = (await get({}, 'HEAD')).headers.get('etag') ?? '';
    expect((await get({ 'if-none-match': `W/"x", ${etag}` })).status).toBe(304);
    const resumed = await get({ range: 'bytes=5-', 'if-range': etag });
    expect(resumed.status).toBe(206);
    await resumed.body?.cancel();
    const changed = await get({ range: 'bytes=5-', 'if-range': '"older"' });
    expect(changed.status).toBe(200);
    await changed.body?.cancel();
  });

  test('may be kept only when it is complete, and growing changes its tag', async () => {
    const request = new Request('http://localhost/path', { method: 'HEAD' });
    const part = { rendered: path.rendered.slice(0, 1), complete: false };
    const unfinished = await serveRendered(request, objects, part, 'aac');
    const finished = await serveRendered(request, objects, path, 'aac');
    expect(unfinished.headers.get('cache-control')).toBe('no-cache');
    expect(finished.headers.get('cache-control')).toBe('private, max-age=600');
    expect(unfinished.headers.get('etag')).not.toBe(finished.headers.get('etag'));
  });

  test('a listener who leaves ends the read of the store; nothing is read ahead of them', async () => {
    let ended = 0;
    let chunks = 0;
    const watched: ObjectStore = Object.create(objects);
    watched.get = async (key, range) => {
      const object = await objects.get(key, range);
      const body = async function* () {
        try {
          for await (const chunk of object.body) {
            chunks += 1;
            yield chunk;
          }
        } finally {
          ended += 1;
        }
      };
      return { ...object, body: body() };
    };
    const response = await serveRendered(new Request('http://localhost/'), watched, path, 'aac');
    const initReads = { ended, chunks };
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    await reader?.cancel();
    expect(ended - initReads.ended).toBe(1);
    expect(chunks - initReads.chunks).toBeLessThanOrEqual(2);
  });

  test('a pack that is gone breaks the stream off instead of ending it early', async () => {
    const [seed, leaf] = path.rendered;
    if (seed === undefined || leaf === undefined) throw new Error('no path');
    const gone = { ...leaf, pack: { ...leaf.pack, objectKey: 'mix/gone' } };
    const broken = { rendered: [seed, gone], complete: true };
    const request = new Request('http://localhost/');
    const response = await serveRendered(request, objects, broken, 'aac');
    await expect(response.arrayBuffer()).rejects.toThrow(ObjectMissing);
  });

  test('says that nothing is mixed yet', async () => {
    const nothing = { rendered: [], complete: false };
    const answer = serveRendered(new Request('http://localhost/'), objects, nothing, 'aac');
    await expect(answer).rejects.toSatisfy((e) => e instanceof Problem && e.code === 'conflict');
  });
});
