// What lies in a folder of objects, in the order of their keys.
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isFileError } from './disk-files.ts';
import type { ListedObject } from './objects.ts';

interface Listing {
  /** The end of the name of a file that holds an object. */
  readonly suffix: string;
  readonly prefix: string;
}

/**
 * Lists the objects below a folder whose keys start with `prefix`, by key. Holds the names of one
 * folder at a time. What goes or comes meanwhile may be in it or not.
 */
export async function* listFolder(
  folder: string,
  listing: Listing,
  above = '',
): AsyncGenerator<ListedObject> {
  for (const { name, isFolder } of await entriesOf(folder, listing)) {
    const key = above + name;
    if (isFolder) {
      const mayHold = key.startsWith(listing.prefix) || listing.prefix.startsWith(key);
      if (mayHold) yield* listFolder(join(folder, name), listing, key);
    } else if (key.startsWith(listing.prefix)) {
      const facts = await stat(join(folder, name + listing.suffix)).catch(unlessGone);
      if (facts) yield { key, bytes: facts.size, storedAt: facts.mtime };
    }
  }
}

/** Names by the order of the keys that they are part of: a folder's ends in the slash behind it. */
async function entriesOf(
  folder: string,
  { suffix }: Listing,
): Promise<{ name: string; isFolder: boolean }[]> {
  const entries: Dirent[] =
    (await readdir(folder, { withFileTypes: true }).catch(unlessGone)) ?? [];
  return entries
    .flatMap((entry) => {
      if (entry.isDirectory()) return [{ name: `${entry.name}/`, isFolder: true }];
      if (!entry.name.endsWith(suffix)) return [];
      return [{ name: entry.name.slice(0, -suffix.length), isFolder: false }];
    })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function unlessGone(error: unknown): undefined {
  if (isFileError(error, 'ENOENT', 'ENOTDIR')) return undefined;
  throw error;
}
