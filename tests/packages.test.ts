// The lock file, held against itself: `npm ci` refuses one that leaves out another platform's
// package, and `npm install` leaves it out whenever its registry has no such package.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';
import { expect, test } from 'vitest';

const lockSchema = v.object({
  packages: v.record(
    v.string(),
    v.object({ optionalDependencies: v.optional(v.record(v.string(), v.string()), {}) }),
  ),
});

test('the lock file names every optional package of every package', () => {
  const text = readFileSync(path.resolve(import.meta.dirname, '../package-lock.json'), 'utf8');
  const { packages } = v.parse(lockSchema, JSON.parse(text));
  const missing = Object.entries(packages).flatMap(([folder, { optionalDependencies }]) =>
    Object.keys(optionalDependencies).filter((name) => !isFound(packages, folder, name)),
  );
  expect(missing).toEqual([]);
});

/** As Node looks for it: in the package's own folder, then in each folder above. */
function isFound(packages: object, folder: string, name: string): boolean {
  for (let place = folder; ; place = place.slice(0, place.lastIndexOf('/node_modules/'))) {
    if (`${place}/node_modules/${name}` in packages) return true;
    if (!place.includes('/node_modules/')) return `node_modules/${name}` in packages;
  }
}
