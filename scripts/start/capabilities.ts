// What the person who started it should know: who serves what here, and why not another.
import type { Settings } from './settings.ts';

export interface Capability {
  readonly name: string;
  readonly servedBy: string;
  readonly why: string;
}

/** @param sound which FFmpeg the media-worker uses, and why that one */
export function capabilities(
  settings: Settings,
  sound: { readonly serves: string; readonly why: string },
): Capability[] {
  return [
    {
      name: 'pages',
      servedBy: `web process, ${settings.webUrl}`,
      why: process.env['PORT'] ? 'PORT is set' : 'default port',
    },
    {
      name: 'live tree, words',
      servedBy: `collab-server, ${settings.collabUrl}`,
      why:
        settings.config.REDIS_URL === undefined
          ? 'one is enough here; several share their edits through Postgres'
          : 'REDIS_URL is set: several share their edits through Redis',
    },
    database(settings),
    objects(settings),
    { name: 'sound', servedBy: sound.serves, why: sound.why },
    { name: 'jobs', servedBy: 'pg-boss', why: 'in the same database, one commit with the rows' },
    alerts(settings),
  ];
}

/** Lines of equal columns. */
export function table(rows: readonly Capability[]): string {
  const all = [{ name: 'capability', servedBy: 'served by', why: 'why' }, ...rows];
  const nameWidth = Math.max(...all.map(({ name }) => name.length));
  const servedWidth = Math.max(...all.map(({ servedBy }) => servedBy.length));
  return all
    .map(
      ({ name, servedBy, why }) =>
        `  ${name.padEnd(nameWidth)}  ${servedBy.padEnd(servedWidth)}  ${why}\n`,
    )
    .join('');
}

function database({ config, dataDir }: Settings): Capability {
  if (config.DATABASE_URL === undefined) {
    return {
      name: 'database',
      servedBy: `embedded Postgres, ${dataDir}/postgres`,
      why: 'DATABASE_URL is not set',
    };
  }
  const { host, pathname } = new URL(config.DATABASE_URL);
  return { name: 'database', servedBy: `Postgres, ${host}${pathname}`, why: 'DATABASE_URL is set' };
}

function objects({ config, dataDir }: Settings): Capability {
  if (config.S3_BUCKET === undefined) {
    return {
      name: 'recordings',
      servedBy: `disk, ${dataDir}/objects`,
      why: 'S3_BUCKET is not set',
    };
  }
  const where = config.S3_ENDPOINT ?? `S3 in ${config.S3_REGION}`;
  return {
    name: 'recordings',
    servedBy: `${where}, bucket ${config.S3_BUCKET}`,
    why: 'S3_BUCKET is set',
  };
}

function alerts({ config }: Settings): Capability {
  if (config.ONESIGNAL_APP_ID !== undefined) {
    return {
      name: 'alerts',
      servedBy: 'inbox, OneSignal, Web Push',
      why: 'ONESIGNAL_APP_ID is set',
    };
  }
  const keys =
    config.VAPID_PUBLIC_KEY === undefined
      ? 'with keys made at the first start'
      : 'VAPID keys are set';
  return {
    name: 'alerts',
    servedBy: 'inbox, Web Push',
    why: `ONESIGNAL_APP_ID is not set; ${keys}`,
  };
}
