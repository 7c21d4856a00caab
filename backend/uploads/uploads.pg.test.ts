import { createHash, randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import * as v from 'valibot';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import {
  announceUploadSchema,
  UPLOAD_PART_BYTES,
  type UploadTicket,
} from '#domain/protocol/commands.ts';
import type { Problem } from '#domain/protocol/problem.ts';
import { uploadId, userId } from '#domain/story/ids.ts';
import { uploads, users } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { digestOf } from '../storage/digest.ts';
import { startDiskPeer, type DiskPeer } from '../storage/disk-server.ts';
import {
  announceUpload,
  completeUpload,
  MAX_BYTES_PER_HOUR,
  MAX_OPEN_UPLOADS,
  uploadTicket,
  type UploadDeps,
} from './uploads.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const fileOf = (size: number, fill: number) => new Uint8Array(size).fill(fill);
const announcement = (file: Uint8Array) => ({
  bytes: file.byteLength,
  contentType: 'audio/wav',
  sha256: sha256(file),
});

async function send(ticket: UploadTicket, file: Uint8Array): Promise<void> {
  for (const { number, url } of ticket.missing) {
    const at = (number - 1) * UPLOAD_PART_BYTES;
    const body = new Blob([new Uint8Array(file.subarray(at, at + UPLOAD_PART_BYTES))]);
    const answer = await fetch(url, { method: 'PUT', body });
    expect(answer.status).toBe(200);
  }
}

describe('an upload', () => {
  let database: FreshDatabase;
  let peer: DiskPeer;
  let deps: UploadDeps;
  let mia: Person;
  beforeAll(async () => {
    [database, peer] = await Promise.all([freshDatabase(), startDiskPeer()]);
    deps = { db: database.db, objects: peer.store };
  });
  afterAll(() => Promise.all([database.close(), peer.close()]));
  const newPerson = async (): Promise<Person> => {
    const id = userId(randomUUID());
    await database.db.insert(users).values({ id, name: 'Mia', hue: 1 });
    return { id };
  };
  beforeEach(async () => {
    mia = await newPerson();
  });
  const rowOf = async ({ uploadId: id }: UploadTicket) => {
    const [row] = await database.db.select().from(uploads).where(eq(uploads.id, id));
    if (row === undefined) throw new Error('no row');
    return row;
  };

  it('arrives in parts, is verified, and is there as it was sent', async () => {
    const file = fileOf(UPLOAD_PART_BYTES * 2 + 17, 1);
    const ticket = await announceUpload(deps, mia, announcement(file));
    expect(ticket).toMatchObject({ state: 'open', partBytes: UPLOAD_PART_BYTES });
    expect(ticket.missing.map(({ number }) => number)).toEqual([1, 2, 3]);
    await send(ticket, file);
    const done = await completeUpload(deps, mia, ticket.uploadId);
    expect(done).toMatchObject({ state: 'complete', missing: [] });
    const row = await rowOf(ticket);
    const stored = await peer.store.get(row.objectKey);
    expect(await digestOf(stored.body)).toEqual({ bytes: file.byteLength, sha256: sha256(file) });
    expect(stored.contentType).toBe('audio/wav');
    const again = await completeUpload(deps, mia, ticket.uploadId);
    expect(again.state).toBe('complete');
  });

  it('resumes: only what is missing is wanted, and cannot be finished before', async () => {
    const file = fileOf(UPLOAD_PART_BYTES * 2, 2);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send({ ...ticket, missing: ticket.missing.slice(1) }, file);
    await expect(completeUpload(deps, mia, ticket.uploadId)).rejects.toMatchObject({
      code: 'upload_incomplete',
    });
    const resumed = await uploadTicket(deps, mia, ticket.uploadId);
    expect(resumed.missing.map(({ number }) => number)).toEqual([1]);
    await send(resumed, file);
    expect((await completeUpload(deps, mia, ticket.uploadId)).state).toBe('complete');
  });

  it('that the store has given up meanwhile begins again, whole, under the same id', async () => {
    const file = fileOf(UPLOAD_PART_BYTES + 5, 21);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send({ ...ticket, missing: ticket.missing.slice(1) }, file);
    const { objectKey, storeUploadId } = await rowOf(ticket);
    await peer.store.abortUpload(objectKey, storeUploadId);
    const resumed = await Promise.all([1, 2].map(() => uploadTicket(deps, mia, ticket.uploadId)));
    for (const { missing } of resumed) expect(missing.map(({ number }) => number)).toEqual([1, 2]);
    const last = await uploadTicket(deps, mia, ticket.uploadId);
    await send(last, file);
    expect((await completeUpload(deps, mia, ticket.uploadId)).state).toBe('complete');
  });

  it('announced twice is one upload, until it is complete', async () => {
    const file = fileOf(100, 3);
    const ticket = await announceUpload(deps, mia, announcement(file));
    const again = await announceUpload(deps, mia, announcement(file));
    expect(again.uploadId).toBe(ticket.uploadId);
    await send(ticket, file);
    await completeUpload(deps, mia, ticket.uploadId);
    const next = await announceUpload(deps, mia, announcement(file));
    expect(next.uploadId).not.toBe(ticket.uploadId);
  });

  it('that arrives damaged is refused and discarded, and can be sent again', async () => {
    const file = fileOf(5_000, 4);
    const ticket = await announceUpload(deps, mia, announcement(file));
    const before = await rowOf(ticket);
    await send(ticket, fileOf(5_000, 5));
    await expect(completeUpload(deps, mia, ticket.uploadId)).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
    expect(await peer.store.head(before.objectKey)).toBeNull();
    const fresh = await uploadTicket(deps, mia, ticket.uploadId);
    expect(fresh.missing.map(({ number }) => number)).toEqual([1]);
    await send(fresh, file);
    expect((await completeUpload(deps, mia, ticket.uploadId)).state).toBe('complete');
  });

  it('of another size than announced is refused before it is joined', async () => {
    const file = fileOf(5_000, 6);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send(ticket, fileOf(4_999, 6));
    await expect(completeUpload(deps, mia, ticket.uploadId)).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
    expect((await rowOf(ticket)).state).toBe('open');
  });

  it('that was joined before the process died is completed by the next call', async () => {
    const file = fileOf(5_000, 7);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send(ticket, file);
    const row = await rowOf(ticket);
    await peer.store.completeUpload(row.objectKey, row.storeUploadId);
    expect((await uploadTicket(deps, mia, ticket.uploadId)).missing).toEqual([]);
    expect((await completeUpload(deps, mia, ticket.uploadId)).state).toBe('complete');
  });

  it('completed by many at once is completed once', async () => {
    const file = fileOf(UPLOAD_PART_BYTES + 1, 8);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send(ticket, file);
    const calls = Array.from({ length: 6 }, () => completeUpload(deps, mia, ticket.uploadId));
    const states = (await Promise.all(calls)).map(({ state }) => state);
    expect(states).toEqual(Array.from({ length: 6 }, () => 'complete'));
    const { objectKey } = await rowOf(ticket);
    expect((await peer.store.head(objectKey))?.bytes).toBe(file.byteLength);
  });

  it('damaged and completed by many at once is still usable after', async () => {
    const file = fileOf(5_000, 9);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send(ticket, fileOf(5_000, 10));
    const calls = Array.from({ length: 6 }, () => completeUpload(deps, mia, ticket.uploadId));
    const results = await Promise.allSettled(calls);
    expect(results.map(({ status }) => status)).not.toContain('fulfilled');
    for (const result of results) {
      const reason: unknown = result.status === 'rejected' ? result.reason : null;
      expect(reason).toHaveProperty(
        'code',
        expect.stringMatching(/^(checksum_mismatch|upload_incomplete)$/u),
      );
    }
    await send(await uploadTicket(deps, mia, ticket.uploadId), file);
    expect((await completeUpload(deps, mia, ticket.uploadId)).state).toBe('complete');
  });

  it('known failures 25, 47 and 48: lies under a key of ours, whatever it says it is', async () => {
    const keys = new Set<string>();
    for (const [index, said] of ['wav', '../../x.exe', 'text/html', 'a\r\nb: c', '音'].entries()) {
      const file = fileOf(100 + index, 31);
      const announced = { ...announcement(file), contentType: said };
      const input = v.parse(announceUploadSchema, announced);
      const ticket = await announceUpload(deps, mia, input);
      await send(ticket, file);
      await completeUpload(deps, mia, ticket.uploadId);
      const { objectKey } = await rowOf(ticket);
      expect(objectKey).toMatch(/^uploads(\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}){2}$/u);
      keys.add(objectKey);
      const link = await peer.store.signedGet(objectKey, {
        expiresInSeconds: 60,
        downloadName: 'original',
      });
      const answer = await fetch(link, { headers: { origin: 'https://elsewhere.example' } });
      expect([said, answer.status]).toEqual([said, 200]);
      expect(answer.headers.get('content-disposition')).toMatch(/^attachment/u);
      expect(answer.headers.get('access-control-allow-origin')).toBeNull();
      expect(new Uint8Array(await answer.arrayBuffer())).toEqual(file);
    }
    expect(keys.size).toBe(5);
  });

  it('known failure 24: whose object is gone from the store is not complete', async () => {
    const file = fileOf(5_000, 32);
    const ticket = await announceUpload(deps, mia, announcement(file));
    await send(ticket, file);
    const { objectKey, storeUploadId } = await rowOf(ticket);
    await peer.store.completeUpload(objectKey, storeUploadId);
    await peer.store.delete(objectKey);
    await expect(completeUpload(deps, mia, ticket.uploadId)).rejects.toMatchObject({
      code: 'upload_incomplete',
    });
    expect((await rowOf(ticket)).state).toBe('open');
  });

  it('is its own person’s alone', async () => {
    const file = fileOf(100, 11);
    const ticket = await announceUpload(deps, mia, announcement(file));
    const other = await newPerson();
    const hidden = { code: 'upload_unknown' };
    await expect(uploadTicket(deps, other, ticket.uploadId)).rejects.toMatchObject(hidden);
    await expect(completeUpload(deps, other, ticket.uploadId)).rejects.toMatchObject(hidden);
    const none = uploadId(randomUUID());
    await expect(uploadTicket(deps, mia, none)).rejects.toMatchObject(hidden);
    const theirs = await announceUpload(deps, other, announcement(file));
    expect(theirs.uploadId).not.toBe(ticket.uploadId);
  });

  it('is one of a few at a time, however many are announced at once', async () => {
    const calls = Array.from({ length: MAX_OPEN_UPLOADS + 5 }, (_, index) =>
      announceUpload(deps, mia, announcement(fileOf(100 + index, 12))),
    );
    const results = await Promise.allSettled(calls);
    const opened = results.filter(({ status }) => status === 'fulfilled');
    expect(opened).toHaveLength(MAX_OPEN_UPLOADS);
    const refusals = results.filter((result) => result.status === 'rejected');
    expect(refusals.map(({ reason }) => (reason as Problem).code)).toEqual(
      Array.from({ length: 5 }, () => 'too_many_requests'),
    );
    const other = await announceUpload(deps, await newPerson(), announcement(fileOf(1, 1)));
    expect(other.state).toBe('open');
  });

  it('counts against the hour in which it was announced', async () => {
    const file = announcement(fileOf(1, 13));
    const old = await announceUpload(deps, mia, { ...file, bytes: 64 * 1024 * 1024 });
    await database.db
      .update(uploads)
      .set({ bytes: MAX_BYTES_PER_HOUR, state: 'complete' })
      .where(eq(uploads.id, old.uploadId));
    await expect(announceUpload(deps, mia, file)).rejects.toMatchObject({
      code: 'too_many_requests',
    });
    await database.db
      .update(uploads)
      .set({ createdAt: new Date(Date.now() - 61 * 60 * 1000) })
      .where(eq(uploads.id, old.uploadId));
    expect((await announceUpload(deps, mia, file)).state).toBe('open');
  });
});
