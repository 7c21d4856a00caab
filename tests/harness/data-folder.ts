// A DATA_DIR for a test.
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A new temporary folder. Others may pass through it: under root the embedded Postgres runs as
 * another user, and not every machine has user namespaces to hide that (a chroot has none).
 */
export async function newDataFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tap-story-data-'));
  await chmod(folder, 0o711);
  return folder;
}
