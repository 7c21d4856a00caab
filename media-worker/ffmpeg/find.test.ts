import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FfmpegUnusable } from './failures.ts';
import { describeFfmpeg, findFfmpeg, isNewEnough } from './find.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tap-story-find-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A program named ffmpeg that says what it is told to say. */
async function fake(version: string, encoders: readonly string[]): Promise<string> {
  const path = join(folder, 'ffmpeg');
  const list = encoders.map((name) => ` A....D ${name} an encoder`).join('\n');
  await writeFile(
    path,
    `#!/bin/sh\ncase "$2" in -version) echo "${version}";; *) echo "${list}";; esac\n`,
  );
  await chmod(path, 0o755);
  return path;
}

const ALL = ['aac', 'flac', 'libopus', 'libmp3lame'];

test.each([
  ['5.1.9-0+deb12u1', true],
  ['5.1', true],
  ['n7.1', true],
  ['8.0.1-static', true],
  ['N-117000-gabc', true],
  ['5.0.3', false],
  ['4.4.2-0ubuntu0.22.04.1', false],
  ['unknown', false],
])('version %s is new enough: %s', (version, expected) => {
  expect(isNewEnough(version)).toBe(expected);
});

test('one on PATH that fits is used', async () => {
  const path = await fake('ffmpeg version 7.1 Copyright', ALL);
  expect(await findFfmpeg({ searchPath: folder })).toMatchObject({
    kind: 'native',
    command: path,
    version: '7.1',
  });
});

test('an old one, one that lacks an encoder, or none gives way to the embedded one, and it says why', async () => {
  await fake('ffmpeg version 4.4.2 Copyright', ALL);
  expect((await describeFfmpeg({ searchPath: folder })).why).toContain('older than 5.1');
  await fake('ffmpeg version 6.0 Copyright', ['aac', 'flac', 'libmp3lame']);
  expect((await describeFfmpeg({ searchPath: folder })).why).toContain('without libopus');
  expect(await describeFfmpeg({ searchPath: join(folder, 'none') })).toEqual({
    serves: 'ffmpeg 5.1.4 (wasm)',
    why: 'no ffmpeg on PATH',
  });
});

test('FFMPEG_PATH goes first, and one that does not fit is a fault, not a reason to look on', async () => {
  const path = await fake('ffmpeg version 6.0 Copyright', ALL);
  expect((await findFfmpeg({ FFMPEG_PATH: path })).command).toBe(path);
  await expect(findFfmpeg({ FFMPEG_PATH: join(folder, 'gone') })).rejects.toThrow(FfmpegUnusable);
  expect((await findFfmpeg({ FFMPEG_PATH: 'embedded' })).kind).toBe('embedded');
});
