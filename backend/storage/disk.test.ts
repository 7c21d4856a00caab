import { readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf, collect } from './testing/bodies.ts';
import { describeObjectStore } from './testing/conformance.ts';
import { serveDiskObject } from './disk-http.ts';
import { startDiskPeer, type DiskPeer } from './disk-server.ts';
import { UploadGone } from './objects.ts';

describeObjectStore(
  'on disk',
  async () => {
    const peer = await startDiskPeer();
    return { store: peer.store, close: () => peer.close() };
  },
  { checksLinks: true, answersLongSuffix: true, leastPartBytes: 1 },
);

const ago = (days: number) => new Date(Date.now() - days * 86_400_000 - 1_000);

describe('the disk store over HTTP', () => {
  let peer: DiskPeer;
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  beforeAll(async () => {
    peer = await startDiskPeer({ maxPartBytes: 10_000, now: () => nowMs });
  });
  afterAll(() => peer.close());

  const type = { contentType: 'text/html' };
  const soon = { expiresInSeconds: 60 };

  it('never lets a browser run what people uploaded, and offers it under a name', async () => {
    await peer.store.put('page', Buffer.from('<script>'), type);
    const url = await peer.store.signedGet('page', { ...soon, downloadName: 'Märchen "1".wav' });
    const answer = await fetch(url);
    expect(await answer.text()).toBe('<script>');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    expect(answer.headers.get('content-security-policy')).toContain('sandbox');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="M_rchen _1_.wav"; filename*=UTF-8''M%C3%A4rchen%20%221%22.wav`,
    );
    expect((await fetch(url.replace('.wav', '.exe'))).status).toBe(403);
  });

  it('keeps what it holds from other users of the machine', async () => {
    await peer.store.put('takes/private', bytesOf(5, 1), type);
    const folders = (await readdir(peer.root, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isDirectory(),
    );
    const modes = await Promise.all(
      folders.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).mode & 0o77),
    );
    expect(new Set(modes)).toEqual(new Set([0]));
  });

  it('answers HEAD with the size and no body', async () => {
    await peer.store.put('headed', bytesOf(500, 1), type);
    const answer = await fetch(await peer.store.signedGet('headed', soon), { method: 'HEAD' });
    expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '500']);
    expect(await answer.text()).toBe('');
  });

  it('refuses a link at the second it expires', async () => {
    await peer.store.put('expiring', bytesOf(5, 1), type);
    const url = await peer.store.signedGet('expiring', soon);
    nowMs += 59_999;
    expect((await fetch(url)).status).toBe(200);
    nowMs += 1;
    const late = await fetch(url);
    expect(late.status).toBe(403);
    expect(await late.json()).toMatchObject({ error: { code: 'forbidden' } });
  });

  it('refuses a signature of another secret, and none, and a doubled one', async () => {
    await peer.store.put('guarded', bytesOf(5, 1), type);
    const url = new URL(await peer.store.signedGet('guarded', soon));
    const signature = url.searchParams.get('signature') ?? '';
    for (const forged of ['', 'AAAA', signature.slice(0, -2), signature + signature]) {
      url.searchParams.set('signature', forged);
      expect((await fetch(url)).status).toBe(403);
    }
  });

  it('takes in a part of the largest size and not one byte more, announced or not', async () => {
    const id = await peer.store.createUpload('bounded', type);
    const url = await peer.store.signedPart('bounded', id, 1, soon);
    const fits = await fetch(url, { method: 'PUT', body: new Uint8Array(10_000) });
    expect(fits.status).toBe(200);
    const announced = await fetch(url, { method: 'PUT', body: new Uint8Array(10_001) });
    expect(announced.status).toBe(413);
    const unannounced = await fetch(url, {
      method: 'PUT',
      body: new Blob([new Uint8Array(10_001)]).stream(),
      duplex: 'half',
    });
    expect(unannounced.status).toBe(413);
    expect(await unannounced.json()).toMatchObject({ error: { code: 'too_large' } });
    expect((await peer.store.listParts('bounded', id))[0]?.bytes).toBe(10_000);
  });

  it('keeps nothing of a part whose sender goes away', async () => {
    const id = await peer.store.createUpload('cut', type);
    const url = await peer.store.signedPart('cut', id, 1, soon);
    const sender = request(url, { method: 'PUT', headers: { 'content-length': '5000' } });
    sender.on('error', () => undefined);
    await new Promise((resolve) => sender.write(Buffer.alloc(2000), resolve));
    const written = () => readdir(join(peer.root, 'temporary'));
    await expect.poll(written).toHaveLength(1);
    sender.destroy();
    await expect.poll(written).toEqual([]);
    expect(await peer.store.listParts('cut', id)).toEqual([]);
  });

  it('keeps nothing of a part that is empty, or shorter than it said', async () => {
    const id = await peer.store.createUpload('short', type);
    const url = await peer.store.signedPart('short', id, 1, soon);
    for (const size of [0, 4_999]) {
      const cut = new Request(url, {
        method: 'PUT',
        headers: { 'content-length': '5000' },
        body: new Blob([new Uint8Array(size)]).stream(),
        duplex: 'half',
      });
      const answer = await serveDiskObject(cut, peer);
      expect(await answer.json()).toMatchObject({ error: { code: 'bad_request' } });
    }
    expect(await peer.store.listParts('short', id)).toEqual([]);
  });

  it('does not bring an upload back that ended while a part arrived', async () => {
    const id = await peer.store.createUpload('ended', type);
    const body = async function* body() {
      yield bytesOf(100, 1);
      await peer.store.abortUpload('ended', id);
      yield bytesOf(100, 2);
    };
    const part = { key: 'ended', storeUploadId: id, partNumber: 1 };
    await expect(peer.store.writePart(part, body())).rejects.toThrow('no multipart upload');
    expect(await readdir(join(peer.root, 'uploads'))).not.toContain(id);
  });

  it('answers 404 for an object that is gone, and leaves no temporary file', async () => {
    await peer.store.put('gone', bytesOf(5, 1), type);
    const url = await peer.store.signedGet('gone', soon);
    await peer.store.delete('gone');
    expect((await fetch(url)).status).toBe(404);
    expect(await readdir(join(peer.root, 'temporary'))).toEqual([]);
  });

  it('clears away what dead processes left, and nothing that is still wanted', async () => {
    const folders = {
      temporary: join(peer.root, 'temporary'),
      uploads: join(peer.root, 'uploads'),
    };
    const [live, abandoned] = await Promise.all(
      ['live', 'abandoned'].map((key) => peer.store.createUpload(key, type)),
    );
    await writeFile(join(folders.temporary, 'half-written'), 'x');
    await writeFile(join(folders.temporary, 'being-written'), 'x');
    await utimes(join(folders.temporary, 'half-written'), ago(1), ago(1));
    await utimes(join(folders.uploads, abandoned ?? ''), ago(7), ago(7));
    await utimes(join(folders.uploads, live ?? ''), ago(6), ago(6));
    await peer.store.removeLeftovers();
    expect(await readdir(folders.temporary)).toEqual(['being-written']);
    await rm(join(folders.temporary, 'being-written'));
    expect(await readdir(folders.uploads)).toContain(live);
    expect(await readdir(folders.uploads)).not.toContain(abandoned);
    await expect(peer.store.listParts('abandoned', abandoned ?? '')).rejects.toThrow(UploadGone);
  });

  it('lists below a prefix only, and nothing outside of itself', async () => {
    await peer.store.put('list/a/one', bytesOf(5, 1), type);
    await peer.store.put('list/ab', bytesOf(5, 1), type);
    const listed = async (prefix: string) => {
      const keys: string[] = [];
      for await (const { key } of peer.store.list(prefix)) keys.push(key);
      return keys;
    };
    expect(await listed('list/a')).toEqual(['list/a/one', 'list/ab']);
    expect(await listed('list/a/')).toEqual(['list/a/one']);
    expect(await listed('list/ab/')).toEqual([]);
    expect(await listed('../objects/list/')).toEqual([]);
  });

  it('lets the first of many writers win, whole', async () => {
    const bodies = [1, 2, 3, 4].map((seed) => bytesOf(50_000, seed));
    const puts = await Promise.allSettled(
      bodies.map((bytes) => peer.store.put('raced', bytes, type)),
    );
    const winner = puts.findIndex(({ status }) => status === 'fulfilled');
    expect(puts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await collect((await peer.store.get('raced')).body)).toEqual(
      Buffer.from(bodies[winner] ?? []),
    );
  });
});
