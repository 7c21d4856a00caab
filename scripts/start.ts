// `npm start`: everything that Tap Story needs, in order, and stopped in order again. With --dev
// (`npm run dev`) the pages come from Vite's server and not from a build.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pino } from 'pino';
import { migrate } from '#backend/postgres/migrate.ts';
import { describeFfmpeg } from '../media-worker/ffmpeg/find.ts';
import { capabilities, table } from './start/capabilities.ts';
import { claimFolder } from './start/claim.ts';
import { WatchedPostgres } from './start/database.ts';
import { plantDemo } from './start/demo.ts';
import { readable } from './start/log-lines.ts';
import { requirePorts } from './start/ports.ts';
import { runLauncher } from './start/run.ts';
import { readSecrets } from './start/secrets.ts';
import { Service } from './start/service.ts';
import { readSettings, serviceEnvironment, type Settings } from './start/settings.ts';
import { buildWeb } from './start/web-build.ts';

// Unlike node's own flag, this says nothing where there is no such file.
if (existsSync('.env')) process.loadEnvFile('.env');
const dev = process.argv.includes('--dev');
const root = path.resolve(import.meta.dirname, '..');
/** Processes of a killed launcher end by themselves, and may hold their ports until then. */
const TAKEOVER_MS = 10_000;
/**
 * Longest time for each part to stop, milliseconds; together less than ten seconds if Postgres
 * answers. If it does not, the collab-server needs seven to write down what is not committed.
 */
const STOP_MS = { web: 3_500, worker: 2_000, collab: 10_000, postgres: 1_500 } as const;

const write = (text: string): void => void process.stdout.write(text);
const startedAt = performance.now();

await runLauncher(write, async (onStop) => {
  const settings = readSettings(root);
  const log = pino(
    { level: settings.config.LOG_LEVEL },
    { write: (line) => write(`start    ${readable(line.trimEnd())}\n`) },
  );
  const sound = await describeFfmpeg(settings.config);
  const claim = await claimFolder(settings.dataDir);
  onStop(() => claim.release());
  await requirePorts(settings.ports, claim.tookOver ? TAKEOVER_MS : 0);

  const prepareDatabase = async (): Promise<string> => {
    const url = settings.config.DATABASE_URL ?? (await embedded());
    await migrate(url, log);
    return url;
  };
  const embedded = async (): Promise<string> => {
    const starting = WatchedPostgres.start(path.join(settings.dataDir, 'postgres'), log);
    onStop(() =>
      starting.then(
        (postgres) => postgres.stop(STOP_MS.postgres),
        () => undefined,
      ),
    );
    return (await starting).url;
  };
  const building = new AbortController();
  onStop(() => building.abort());
  const [databaseUrl, secrets] = await Promise.all([
    prepareDatabase(),
    readSecrets(settings.dataDir),
    dev ||
      buildWeb(root, {
        signal: building.signal,
        onBuild: () => log.info('building the pages, once per change of the sources'),
      }),
  ]);

  const env = serviceEnvironment(settings, databaseUrl, secrets);
  const services = describeServices(settings).map(({ name, entry, url, stopMs }) => {
    const service = new Service({
      name,
      root,
      entry: path.join(root, entry),
      env,
      readyUrl: `${url}/health/ready`,
      log,
      write,
    });
    onStop(() => service.stop(stopMs));
    return service;
  });
  await Promise.all(services.map((service) => service.start()));

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  write(
    `\n${table(capabilities(settings, sound))}\nTap Story is at ${settings.origin} (after ${seconds} s; Ctrl-C stops it)\n\n`,
  );
  if (settings.config.DEMO_STORY === 'yes') onStop(plantDemo(root, env, write));
  process.send?.({ ready: settings.origin });
});

/** In the order of starting; they stop in the opposite one. */
function describeServices({ collabUrl, workerUrl, webUrl }: Settings) {
  return [
    { name: 'collab', entry: 'collab-server/main.ts', url: collabUrl, stopMs: STOP_MS.collab },
    { name: 'worker', entry: 'media-worker/main.ts', url: workerUrl, stopMs: STOP_MS.worker },
    {
      name: 'web',
      entry: dev ? 'scripts/dev/web.ts' : 'web/server.ts',
      url: webUrl,
      stopMs: STOP_MS.web,
    },
  ];
}
