// A story for tests: a real database, store and queue, and takes published as people publish them.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pool } from 'pg';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import { DiskLinks } from '#backend/storage/disk-links.ts';
import { DiskStore } from '#backend/storage/disk.ts';
import { branchStory } from '#backend/story/branch.ts';
import { plantStory } from '#backend/story/plant.ts';
import type { TakeBody } from '#domain/protocol/commands.ts';
import {
  takeId,
  uploadId,
  userId,
  type StoryId,
  type TakeId,
  type UploadId,
  type UserId,
} from '#domain/story/ids.ts';

export interface TestStory {
  readonly db: Database;
  readonly queue: Queue;
  readonly objects: DiskStore;
  /** Its database, as a worker process is told of it. */
  readonly databaseUrl: string;
  /** What DATA_DIR must be for a worker process to see the same store. */
  readonly dataDir: string;
  /** The author of every take. */
  readonly author: UserId;
  /** Uploads a recording, and publishes it over `parent`, or as a story's seed. */
  publish(recording: Uint8Array, parent?: PublishedTake): Promise<PublishedTake>;
  /** Publishes words after a take. */
  write(words: string, parent: PublishedTake): Promise<PublishedTake>;
  close(): Promise<void>;
}

export interface PublishedTake {
  readonly takeId: TakeId;
  readonly storyId: StoryId;
}

export const LINK_SECRET = 'a secret that guards only tests, 32+';

export async function openStory(database: {
  db: Database;
  pool: Pool;
  url: string;
  log: Logger;
}): Promise<TestStory> {
  const { db, pool } = database;
  const dataDir = await mkdtemp(join(tmpdir(), 'tap-story-data-'));
  const links = new DiskLinks({ origin: 'http://127.0.0.1:3000', secret: LINK_SECRET });
  const objects = new DiskStore(join(dataDir, 'objects'), links);
  const queue = await openQueue(database.url, { log: database.log });
  const author = userId(randomUUID());
  const deps = { db, objects, queue };
  await pool.query(`insert into users (id, name, hue) values ($1, 'Mia', 1)`, [author]);
  const upload = async (file: Uint8Array): Promise<UploadId> => {
    const id = uploadId(randomUUID());
    const sha256 = createHash('sha256').update(file).digest('hex');
    await objects.put(`uploads/${id}`, file, { contentType: 'audio/wav' });
    await pool.query(
      `insert into uploads (id, user_id, object_key, store_upload_id, bytes, sha256, content_type, state)
       values ($1, $2, $3, $4, $5, $6, 'audio/wav', 'complete')`,
      [id, author, `uploads/${id}`, randomUUID(), file.byteLength, sha256],
    );
    return id;
  };
  const publish = async (body: TakeBody, parent?: PublishedTake): Promise<PublishedTake> => {
    const id = takeId(randomUUID());
    return parent === undefined
      ? await plantStory(deps, { id: author }, { takeId: id, title: 'A test', body })
      : await branchStory(deps, { id: author }, parent.storyId, {
          takeId: id,
          parentId: parent.takeId,
          body,
        });
  };
  return {
    ...deps,
    databaseUrl: database.url,
    dataDir,
    author,
    publish: async (recording, parent) =>
      await publish({ kind: 'voice', uploadId: await upload(recording), words: '' }, parent),
    write: async (words, parent) => await publish({ kind: 'text', words }, parent),
    close: async () => {
      await queue.stop();
      await rm(dataDir, { recursive: true });
    },
  };
}
