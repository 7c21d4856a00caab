// What the web process holds open, made once: the only place that puts the backend together here.
import { sql } from 'drizzle-orm';
import { createSessions, type Sessions } from '#backend/accounts/sessions.ts';
import { readConfig, type Environment } from '#backend/config.ts';
import { openPushChannels, type PushChannels } from '#backend/notifications/channels.ts';
import { openDatabase, type Database } from '#backend/postgres/database.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { openQueue, type Queue } from '#backend/queue/queue.ts';
import type { DiskHttp } from '#backend/storage/disk-http.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import { openStorage } from '#backend/storage/open.ts';
import { InboxFeed } from './inbox-feed.ts';
import { onDrain, onStop } from './on-stop.ts';
import { webLog } from './web-log.ts';

export interface WebContext {
  readonly config: Environment;
  readonly db: Database;
  readonly queue: Queue;
  readonly objects: ObjectStore;
  /** Answers links to objects on disk; null when they are in S3. */
  readonly diskHttp: DiskHttp | null;
  /** Where browsers reach objects, if that is not this process. */
  readonly objectOrigin: string | null;
  readonly sessions: Sessions;
  readonly channels: PushChannels;
  readonly inbox: InboxFeed;
}

let opened: Promise<WebContext> | undefined;

/** The context of this process; opened at the first call, closed when the process stops. */
export function context(): Promise<WebContext> {
  opened ??= open().catch((error: unknown) => {
    opened = undefined; // the next request tries again
    throw error;
  });
  return opened;
}

async function open(): Promise<WebContext> {
  const config = readConfig(process.env);
  const log = webLog();
  const url = config.DATABASE_URL;
  if (url === undefined) throw new Error('DATABASE_URL is missing: start with `npm start`');
  const database = openDatabase(url, { log });
  const [storage, queue] = await Promise.all([openStorage(config), openQueue(url, { log })]);
  const inbox = new InboxFeed();
  const listener = new NoticeListener(
    url,
    { inbox: ({ userId }) => inbox.changed(userId) },
    { log, onConnected: () => inbox.changedForAll() },
  );
  onDrain(() => inbox.close());
  onStop(async () => {
    await listener.close();
    await queue.stop();
    storage.close();
    await database.close();
  });
  return {
    config,
    db: database.db,
    queue,
    objects: storage.objects,
    diskHttp: storage.kind === 'disk' ? storage.http : null,
    objectOrigin: storage.kind === 's3' ? originOfS3(config) : null,
    sessions: createSessions({ db: database.db, origin: config.ORIGIN }),
    channels: openPushChannels(config),
    inbox,
  };
}

/** Where signed links to S3 lead; the CSP lets browsers go there. */
function originOfS3({
  S3_PUBLIC_ENDPOINT,
  S3_ENDPOINT,
  S3_REGION,
  S3_BUCKET,
}: Environment): string {
  const endpoint = S3_PUBLIC_ENDPOINT ?? S3_ENDPOINT;
  return endpoint === undefined
    ? `https://${S3_BUCKET}.s3.${S3_REGION}.amazonaws.com`
    : new URL(endpoint).origin;
}

/** One statement that needs the schema: fails while Postgres is away or not migrated. */
export async function pingDatabase(db: Database): Promise<void> {
  await db.execute(sql`select 1 from stories limit 1`);
}
