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

test('every room and every feature of a room is named in it', () => {
  const folders = globSync(
    [
      '{domain,drizzle,backend,scripts,tests,bench,web/src/lib}/*/',
      'backend/postgres/*/',
      'media-worker/*/',
    ],
    { cwd: root },
  ).map((folder) => `${path.basename(folder)}/`);
  const named = new Set(architecture.match(/[\w-]+\//gu));
  const unnamed = folders.filter((folder) => !named.has(folder) && folder !== 'testing/');
  expect(unnamed).toEqual([]);
});

test('every link of the README leads to something', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)\)/gu)].flatMap(
    ([, link]) => link ?? [],
  );
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((link) => globSync(link, { cwd: root }).length === 0)).toEqual([]);
});
