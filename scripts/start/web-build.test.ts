import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashSources } from './web-build.ts';

let root = '';
async function put(name: string, content: string): Promise<void> {
  await mkdir(path.dirname(path.join(root, name)), { recursive: true });
  await writeFile(path.join(root, name), content);
}
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'tap-story-sources-'));
  await put('web/src/a.ts', 'one');
  await put('domain/b.ts', 'two');
  await put('package-lock.json', '{}');
});
afterEach(() => rm(root, { recursive: true }));

test.each([
  ['a changed page', 'web/src/a.ts', 'other'],
  ['a changed rule', 'domain/b.ts', 'other'],
  ['a new file', 'backend/c.ts', ''],
  ['other packages', 'package-lock.json', '{"a":1}'],
])('%s makes the build stale', async (_, name, content) => {
  const before = await hashSources(root);
  await put(name, content);
  expect(await hashSources(root)).not.toBe(before);
});

test.each([
  'web/.svelte-kit/x.ts',
  'web/node_modules/$app/y.ts',
  'build/web/z.js',
  'scripts/start.ts',
])('%s does not', async (name) => {
  const before = await hashSources(root);
  await put(name, 'anything');
  expect(await hashSources(root)).toBe(before);
});
