// What an ffmpeg can reach, as far as Linux lets us say so without being root: its job's folder and
// the system's programs, no other file, no network.
import { lstat, realpath } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where the file system of a jail is put together: any folder that every system has would do. */
const ROOT = '/mnt';
/** What programs and their libraries lie in; on most systems all but /usr are links into it. */
const SYSTEM = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/nix/store'];
/** How libraries are found that do not lie where the loader looks first. */
const LIBRARY_LISTS = ['/etc/ld.so.cache', '/etc/alternatives'];

/** Namespaces of its own, in which the program is root over nothing but what it is given. */
const apart = (namespaces: readonly string[]): string[] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--net',
  '--ipc',
  ...namespaces,
  '--',
];
/** Gives up being root there too, and every way back. */
const powerless = ['setpriv', '--no-new-privs', '--bounding-set=-all', '--inh-caps=-all'];

/** Words before a command that take the network from it. */
export const withoutNetwork: readonly string[] = [...apart([]), ...powerless];

/**
 * Words before `command` that leave it the current folder, as `/job`, and the system's programs.
 * A process sets this up for itself as it starts, so nothing is left to be cleared away.
 */
export async function inFolderAlone(command: string): Promise<readonly string[]> {
  const script = [
    'set -eu',
    `mount -t tmpfs -o mode=755,size=64k none ${ROOT}`,
    ...(await shows(command)),
    `mkdir ${ROOT}/job`,
    // By its relative name: the folder is whichever the process was started in.
    `mount --bind . ${ROOT}/job`,
    `exec chroot ${ROOT} /usr/bin/env -C /job "$@"`,
  ].join('\n');
  return [...apart(['--mount']), '/bin/sh', '-c', script, 'jail', ...powerless];
}

async function shows(command: string): Promise<string[]> {
  const places = [...SYSTEM, ...LIBRARY_LISTS, ...(await beside(command))];
  const lines = await Promise.all(places.map(show));
  return lines.flat();
}

/** The folders of a program that is not one of the system's. */
async function beside(command: string): Promise<string[]> {
  const folders = [dirname(command), dirname(await realpath(command))];
  const foreign = folders.filter((folder) => !SYSTEM.some((known) => isIn(folder, known)));
  return [...new Set(foreign)];
}

function isIn(folder: string, parent: string): boolean {
  return folder === parent || folder.startsWith(`${parent}/`);
}

async function show(path: string): Promise<string[]> {
  const facts = await lstat(path).catch(() => null);
  if (facts === null) return [];
  const [from, to] = [quoted(path), quoted(ROOT + path)];
  if (facts.isSymbolicLink()) return [`cp -P ${from} ${to}`];
  return [
    `mkdir -p ${quoted(dirname(ROOT + path))}`,
    facts.isDirectory() ? `mkdir ${to}` : `: > ${to}`,
    `mount --rbind ${from} ${to}`,
    // Forbidden where the system's own mount has flags that we would have to repeat; file rights
    // protect it then, as they do outside.
    `mount -o remount,bind,ro ${to} 2>&- || :`,
  ];
}

const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
