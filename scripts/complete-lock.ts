// Run after every change of dependencies: names, in the lock file, the packages for other platforms
// that npm left out because the registry in use does not hold them. `npm ci` refuses a lock file
// in which an optional package has no entry, on every platform; with an entry it skips what is not
// for the platform it runs on.
import { readFile, writeFile } from 'node:fs/promises';
import * as v from 'valibot';

const entrySchema = v.looseObject({
  dev: v.optional(v.boolean()),
  optionalDependencies: v.optional(v.record(v.string(), v.string())),
});
const lockSchema = v.looseObject({ packages: v.record(v.string(), entrySchema) });

/** How native packages name what they are for, in npm's words. */
const LIBC: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
};
const PLATFORM =
  /(android|darwin|freebsd|linux|openharmony|win32)-(arm64|arm|ia32|ppc64|riscv64|s390x|x64)(?:-(\w+))?$/u;

const file = new URL('../package-lock.json', import.meta.url);
const lock = v.parse(lockSchema, JSON.parse(await readFile(file, 'utf8')));
const { packages } = lock;
for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    if (isLocked(path, name)) continue;
    const entry = { version, ...(dev && { dev }), optional: true, ...platformOf(name) };
    packages[`node_modules/${name}`] = entry;
    process.stdout.write(`added ${name} ${version}\n`);
  }
}
const byName = Object.entries(packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(byName);
await writeFile(file, `${JSON.stringify(lock, null, 2)}\n`);

/** Whether a package at `path` finds `name` in its own folder or in one above it. */
function isLocked(path: string, name: string): boolean {
  if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in packages) return true;
  if (path === '') return false;
  return isLocked(path.slice(0, Math.max(0, path.lastIndexOf('/node_modules/'))), name);
}

function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } {
  const [, os, cpu, abi = ''] = PLATFORM.exec(name) ?? [];
  if (os === undefined || cpu === undefined) throw new Error(`for which platform is ${name}?`);
  const libc = LIBC[abi];
  return { os: [os], cpu: [cpu], ...(libc !== undefined && os === 'linux' && { libc: [libc] }) };
}
