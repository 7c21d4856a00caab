// As whom Postgres runs. It refuses to run as root, and a container often has nobody else.
import { execFile, type SpawnOptions } from 'node:child_process';
import { chown, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { EmbeddedPostgresError } from './binaries.ts';

const run = promisify(execFile);

/** A way to run the cluster's programs, and the owner that its files must have. */
export interface ClusterUser {
  readonly uid: number;
  readonly gid: number;
  /** Turns a program and its arguments into what must be spawned. */
  command(file: string, args: readonly string[]): ClusterCommand;
}

export interface ClusterCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The working directory is `/`: that of the launcher may be closed to the cluster's user. */
  readonly options: Pick<SpawnOptions, 'cwd' | 'uid' | 'gid'>;
}

/**
 * Chooses the user: ourselves, or as root `nobody`, or, where nobody cannot reach the libraries or
 * the folder (a repository under root's closed home), root seen as nobody in a user namespace.
 * The folder must exist; it is given to the chosen user with all that is in it.
 * @throws {EmbeddedPostgresError} when root can run it in neither way, or the folder is another's
 */
export async function chooseClusterUser(postgres: string, folder: string): Promise<ClusterUser> {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) {
    const owner = (await stat(folder)).uid;
    if (owner === uid) return itself;
    throw new EmbeddedPostgresError(
      `${folder} belongs to user ${owner}, it was made by another start (as root, perhaps): start as that one, give it to yourself (chown -R), or set DATA_DIR to another folder`,
    );
  }
  for (const user of [await nobody(), namespaced]) {
    await giveTo(user, folder);
    if (await canReach(user, postgres, folder)) return user;
  }
  throw new EmbeddedPostgresError(
    `as root, Postgres must run as another user, and none can reach both ${postgres} and ${folder}: move the project to a folder that others may enter, run it as a normal user, or set DATABASE_URL`,
  );
}

const itself: ClusterUser = {
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  command: (file, args) => ({ file, args, options: { cwd: '/' } }),
};

const namespaced: ClusterUser = {
  uid: 0,
  gid: 0,
  command: (file, args) => ({
    file: 'unshare',
    args: ['--user', '--map-user=65534', '--map-group=65534', file, ...args],
    options: { cwd: '/' },
  }),
};

async function nobody(): Promise<ClusterUser> {
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const [, uid = 65_534, gid = 65_534] = (/^nobody:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? []).map(
    Number,
  );
  return { uid, gid, command: (file, args) => ({ file, args, options: { cwd: '/', uid, gid } }) };
}

async function canReach(user: ClusterUser, postgres: string, folder: string): Promise<boolean> {
  // Entering the folder needs a shell: a working directory is entered before the user changes.
  const script = 'cd "$1" && test -w . && exec "$2" --version';
  const { file, args, options } = user.command('/bin/sh', ['-c', script, 'sh', folder, postgres]);
  return run(file, args, options).then(
    () => true,
    () => false,
  );
}

async function giveTo({ uid, gid }: ClusterUser, folder: string): Promise<void> {
  const owner = await stat(folder);
  if (owner.uid === uid && owner.gid === gid) return;
  // The folder itself comes last, so that a walk that was cut short is done again.
  for (const entry of await readdir(folder, { recursive: true })) {
    await chown(path.join(folder, entry), uid, gid);
  }
  await chown(folder, uid, gid);
}
