// What every job of this process is given.
import type { Database } from '#backend/postgres/database.ts';
import type { Queue } from '#backend/queue/queue.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import type { Logger } from '#backend/log.ts';
import type { Tool } from './ffmpeg/run.ts';

export interface Worker {
  readonly db: Database;
  /** For the connections that a job needs of its own. */
  readonly databaseUrl: string;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  readonly log: Logger;
  readonly tool: Tool;
}
