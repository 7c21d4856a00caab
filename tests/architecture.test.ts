// docs/ARCHITECTURE.md and README.md, held against the sources.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const architecture = read('docs/ARCHITECTURE.md');
const ROOMS = '{domain,drizzle,backend,collab-server,media-worker,web,scripts,tests,bench,docs,.}';

test('every file that it names is there', () => {
  const files = globSync([`${ROOMS}/**/*.{ts,js,svelte,sql}`, '*'], {
    cwd: root,
    exclude: (name) => /(^|\/)(node_modules|build|\.svelte-kit|\.data|\.git)(\/|$)/u.test(name),
  });
  const names = new Set(files.map((file) => path.basename(file)));
  const named = architecture.match(/(?<![\w.*-])\w[\w.-]*\.(svelte\.ts|ts|svelte)\b/gu) ?? [];
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter((name) => !names.has(name))).toEqual([]);
});

test('every feature of a room is named among the lines of its room', () => {
  const folders = globSync(
    [
      '{domain,drizzle,backend,scripts,tests,bench,web/src/lib}/*/',
      'backend/postgres/*/',
      'media-worker/*/',
    ],
    { cwd: root },
  ).filter((folder) => path.basename(folder) !== 'testing');
  const unnamed = folders.filter((folder) => {
    const [room = ''] = folder.split(path.sep);
    return !linesOf(room).includes(`${path.basename(folder)}/`);
  });
  expect(folders.length).toBeGreaterThan(40);
  expect(unnamed).toEqual([]);
});

/** What it says of a room: from its name at the start of a line to the next one. */
function linesOf(room: string): string {
  return new RegExp(`^${room}/\\s[^]*?(?=^\\S)`, 'mu').exec(architecture)?.[0] ?? '';
}

test('every link of the README leads to something', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)\)/gu)].flatMap(
    ([, link]) => link ?? [],
  );
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => globSync(link, { cwd: root }).length === 0)).toEqual([]);
});
