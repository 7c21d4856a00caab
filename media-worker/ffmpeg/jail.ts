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
  const places = await placesFor(command);
  const script = [
    'set -eu',
    `mount -t tmpfs -o mode=755,size=64k none ${ROOT}`,
    // One program for all of a kind: to start one costs more than what it does.
    `mkdir -p ${ROOT}/job ${foldersOf(places).map(inRoot).join(' ')}`,
    ...copiesOf(places.links),
    ...places.files.map((path) => `: > ${inRoot(path)}`),
    ...[...places.folders, ...places.files].map(shown),
    // By its relative name: the folder is whichever the process was started in.
    `mount --bind . ${ROOT}/job`,
    `exec chroot ${ROOT} /usr/bin/env -C /job "$@"`,
  ].join('\n');
  return [...apart(['--mount']), '/bin/sh', '-c', script, 'jail', ...powerless];
}

/** What is to be seen in a jail, by how it is brought there. */
interface Places {
  readonly folders: readonly string[];
  readonly files: readonly string[];
  readonly links: readonly string[];
}

async function placesFor(command: string): Promise<Places> {
  const places: Record<keyof Places, string[]> = { folders: [], files: [], links: [] };
  for (const path of [...SYSTEM, ...LIBRARY_LISTS, ...(await beside(command))]) {
    const facts = await lstat(path).catch(() => null);
    if (facts === null) continue;
    if (facts.isSymbolicLink()) places.links.push(path);
    else if (facts.isDirectory()) places.folders.push(path);
    else places.files.push(path);
  }
  return places;
}

/** Every folder that must be there before anything is brought into it. */
function foldersOf({ folders, files, links }: Places): string[] {
  return [...new Set([...folders, ...[...files, ...links].map((path) => dirname(path))])];
}

function copiesOf(links: readonly string[]): string[] {
  const byFolder = Map.groupBy(links, (path) => dirname(path));
  return [...byFolder].map(
    ([folder, paths]) => `cp -P ${paths.map(quoted).join(' ')} ${inRoot(folder)}`,
  );
}

/** At one stroke if the system has that, else in two. */
function shown(path: string): string {
  const [from, to] = [quoted(path), inRoot(path)];
  // Forbidden where the system's own mount has flags that we would have to repeat; file rights
  // protect it then, as they do outside.
  const readOnly = `mount -o remount,bind,ro ${to} 2>&- || :`;
  return `mount -o rbind,ro ${from} ${to} 2>&- || { mount --rbind ${from} ${to}; ${readOnly}; }`;
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

const inRoot = (path: string): string => quoted(ROOT + path);
const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
