// For tests: people, recordings in a real store, and what publishing needs.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import type { Person } from '#domain/access/policy.ts';
import {
  takeId,
  uploadId,
  userId,
  type TakeId,
  type UploadId,
  type UserId,
} from '#domain/story/ids.ts';
import type { TakeFailure } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { stories, takes, uploads, users } from '#drizzle/schema.ts';
import type { Logger } from '../../log.ts';
import type { Database } from '../../postgres/database.ts';
import { openQueue, type Queue } from '../../queue/queue.ts';
import { DiskLinks } from '../../storage/disk-links.ts';
import { DiskStore } from '../../storage/disk.ts';
import type { ObjectStore } from '../../storage/objects.ts';

export interface Publishing {
  readonly db: Database;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  /** A new person. */
  person(name: string): Promise<Person & { readonly id: UserId }>;
  /** A complete upload of a recording of so many samples; null for one whose header says nothing. */
  recording(by: Person, samples: number | null, state?: 'open' | 'complete'): Promise<UploadId>;
  /** Does what the worker does to a voice take's row. */
  ingest(id: TakeId, outcome?: { readonly failure: TakeFailure }): Promise<void>;
  close(): Promise<void>;
}

export async function openPublishing(
  database: { db: Database; url: string; log: Logger },
  store?: ObjectStore,
): Promise<Publishing> {
  const { db } = database;
  const root = await mkdtemp(join(tmpdir(), 'tap-story-objects-'));
  const links = new DiskLinks({ origin: 'http://127.0.0.1:3000', secret: 's'.repeat(32) });
  const objects = store ?? new DiskStore(root, links);
  const queue = await openQueue(database.url, { log: database.log });
  return {
    db,
    objects,
    queue,
    person: async (name) => {
      const id = userId(randomUUID());
      await db.insert(users).values({ id, name, hue: 1 });
      return { id };
    },
    recording: (by, samples, state = 'complete') =>
      addUpload({ db, objects }, by, { samples, state }),
    ingest: async (id, outcome) => {
      await db
        .update(takes)
        .set(outcome ? { status: 'failed', ...outcome } : { status: 'ready' })
        .where(eq(takes.id, id));
    },
    close: async () => {
      await queue.stop();
      await rm(root, { recursive: true });
    },
  };
}

async function addUpload(
  { db, objects }: { db: Database; objects: ObjectStore },
  by: Person,
  { samples, state }: { samples: number | null; state: 'open' | 'complete' },
): Promise<UploadId> {
  const id = uploadId(randomUUID());
  const body = samples === null ? new TextEncoder().encode('OggS, say') : wav(samples);
  const objectKey = `uploads/${id}`;
  if (state === 'complete') await objects.put(objectKey, body, { contentType: 'audio/wav' });
  await db.insert(uploads).values({
    id,
    userId: by.id,
    objectKey,
    storeUploadId: randomUUID(),
    bytes: body.byteLength,
    sha256: createHash('sha256').update(body).digest('hex'),
    contentType: 'audio/wav',
    state,
  });
  return id;
}

/** Silence as 48 kHz mono 16-bit PCM. */
function wav(samples: number): Uint8Array {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples * 2, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples * 2, 40);
  return Buffer.concat([header, Buffer.alloc(samples * 2)]);
}

export const newTakeId = (): TakeId => takeId(randomUUID());

/** Everything that publishing may have left behind, to compare before and after a refusal. */
export async function countRows(db: Database): Promise<Record<string, number>> {
  const [users_, stories_, takes_] = await Promise.all([
    db.$count(users),
    db.$count(stories),
    db.$count(takes),
  ]);
  return { users: users_, stories: stories_, takes: takes_ };
}
