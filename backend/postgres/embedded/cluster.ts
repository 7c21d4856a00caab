// The files of the embedded cluster: its folder, its password, its first initialisation.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { newSecret } from '../../config.ts';
import { EmbeddedPostgresError, type PostgresBinaries } from './binaries.ts';
import { chooseClusterUser, type ClusterUser } from './cluster-user.ts';

const run = promisify(execFile);

/** The database user of the embedded cluster. */
export const CLUSTER_SUPERUSER = 'tap';

export interface Cluster {
  /** The data folder, named for the major version that made it. */
  readonly folder: string;
  readonly logFile: string;
  readonly password: string;
  readonly user: ClusterUser;
}

/**
 * Opens the cluster in `home`, and makes it at the first call. A call that was cut short leaves
 * nothing that a later one would take for a cluster.
 * @param durable false leaves out the syncs, for clusters that live as long as a test
 */
export async function openCluster(
  home: string,
  binaries: PostgresBinaries,
  durable: boolean,
): Promise<Cluster> {
  await mkdir(home, { recursive: true });
  // The cluster's user must pass through, but has no need to list what lies beside its folder.
  await chmod(home, 0o711);
  const folder = path.join(home, await majorVersion(binaries.postgres));
  const password = await readPassword(home, existsSync(folder));
  const logFile = path.join(home, 'postgres.log');
  if (!existsSync(folder)) await initialise(folder, binaries, { password, durable });
  const user = await chooseClusterUser(binaries.postgres, folder);
  return { folder, logFile, password, user };
}

async function initialise(
  folder: string,
  binaries: PostgresBinaries,
  { password, durable }: { password: string; durable: boolean },
): Promise<void> {
  const draft = `${folder}.new`;
  const passwordFile = `${folder}.password`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const user = await chooseClusterUser(binaries.postgres, draft);
  await writeFile(passwordFile, password, { mode: 0o600 });
  await chown(passwordFile, user.uid, user.gid);
  try {
    const { file, args, options } = user.command(binaries.initdb, [
      `--pgdata=${draft}`,
      `--username=${CLUSTER_SUPERUSER}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // The built-in provider sorts alike on every machine, whatever locales it has.
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      `--pwfile=${passwordFile}`,
      ...(durable ? [] : ['--no-sync']),
    ]);
    await run(file, args, options);
  } catch (error) {
    throw new EmbeddedPostgresError('initdb could not make the embedded Postgres cluster', {
      cause: error,
    });
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(draft, folder);
}

async function majorVersion(postgres: string): Promise<string> {
  const { stdout } = await run(postgres, ['--version']);
  const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
  if (major === undefined) throw new EmbeddedPostgresError(`no version in "${stdout.trim()}"`);
  return major;
}

async function readPassword(home: string, clusterExists: boolean): Promise<string> {
  const file = path.join(home, 'password');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (clusterExists) {
      throw new EmbeddedPostgresError(`${file} is gone, and with it the way into the database`, {
        cause: error,
      });
    }
  }
  const password = newSecret();
  await writeFile(`${file}.new`, `${password}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return password;
}
