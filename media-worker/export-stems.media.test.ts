// The zip of stems, opened by programs that people have.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DiskLinks } from '#backend/storage/disk-links.ts';
import { DiskStore } from '#backend/storage/disk.ts';
import { exportSpec, type ExportPath, type StemsSpec } from '#domain/media/export-spec.ts';
import { packStems } from './export-stems.ts';
import { OutputRejected } from './ffmpeg/failures.ts';
import { chainOf } from './testing/chain.ts';
import { decodeFile, writeFlacs } from './testing/files.ts';
import { anyTool } from './testing/tools.ts';

const run = promisify(execFile);
const never = new AbortController().signal;
const KEY = 'exports/a/b.zip';

let root: string;
let objects: DiskStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tap-story-export-'));
  const links = new DiskLinks({ origin: 'http://127.0.0.1:3000', secret: 's'.repeat(32) });
  objects = new DiskStore(join(root, 'store'), links);
});
afterEach(() => rm(root, { recursive: true }));

/** A path of six takes, the fourth of which is written, with its stems in the store. */
async function storedPath(): Promise<{ path: ExportPath; pcm: Map<string, Int16Array> }> {
  const chain = chainOf(6, 3);
  const pcm = new Map(chain.flatMap((it) => (it.pcm === null ? [] : [[it.name, it.pcm] as const])));
  await writeFlacs(await anyTool(), root, pcm);
  const takes = await Promise.all(
    chain.map(async ({ name, pcm: sound, stem: _stem, ...take }, index) => {
      const facts = { ...take, heard: true, voice: ['Mira', 'José'][index % 2] ?? '' };
      const createdAtMs = Date.UTC(2026, 10, 27, 14, 2 * index);
      const kind = sound === null ? 'text' : 'voice';
      if (sound === null) {
        return {
          ...facts,
          kind,
          gainDb: null,
          words: 'Und dann – Stille.',
          createdAtMs,
          stem: null,
        } as const;
      }
      const file = await readFile(join(root, `${name}.flac`));
      const sha256 = createHash('sha256').update(file).digest('hex');
      const objectKey = `stems/${name}.flac`;
      await objects.put(objectKey, file, { contentType: 'audio/flac' });
      const stem = { objectKey, sha256, bytes: file.length, gainDb: -3 };
      return { ...facts, kind, gainDb: -3, words: '', createdAtMs, stem } as const;
    }),
  );
  return { path: { title: 'Der Fluß', address: 'https://tap.example/s/f', takes }, pcm };
}

async function specOf(path: ExportPath): Promise<StemsSpec> {
  const spec = exportSpec(path, 'stems');
  if (spec.format !== 'stems') throw new Error('another format');
  return spec;
}

const zipFile = (): string => join(root, 'store/objects', `${KEY}=data`);

test('opens with Python, and lies as its cue sheet says', async () => {
  const tool = await anyTool();
  const { path, pcm } = await storedPath();
  const seen: number[] = [];
  const onProgress = (done: number): void => void seen.push(done);
  await packStems(objects, await specOf(path), { key: KEY, signal: never, onProgress });
  expect(seen.at(-1)).toBe(1);

  const out = join(root, 'out');
  const script = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as zip:
    assert zip.testzip() is None
    zip.extractall(sys.argv[2])
    for info in zip.infolist(): print(info.filename, info.compress_type, *info.date_time[:5])`;
  const { stdout } = await run('python3', ['-c', script, zipFile(), out]);
  expect(stdout.split('\n')[2]).toMatch(/^der-fluss-stems\/04-jose-\d{10}\.txt 0 2026 11 27 /u);
  const folder = join(out, 'der-fluss-stems');
  const sheet = await readFile(join(folder, 'cue-sheet.tsv'), 'utf8');
  const [head = [], ...rows] = sheet
    .trimEnd()
    .split('\r\n')
    .map((row) => row.split('\t'));
  const cues = rows.map((row) => new Map(row.map((cell, at) => [head[at], cell])));
  expect((await readdir(folder)).toSorted()).toEqual(
    ['README.txt', 'cue-sheet.tsv', ...cues.map((cue) => cue.get('file') ?? '')].toSorted(),
  );
  expect(cues.map((cue) => cue.get('start_sample'))).toEqual(
    path.takes.map(({ startSamples }) => String(startSamples)),
  );
  for (const [name, sound] of pcm) {
    const cue = cues[Number(name.replace('take', ''))];
    const file = { name: cue?.get('file') ?? '', format: 'flac' } as const;
    expect(await decodeFile(tool, folder, file)).toEqual(sound);
    expect(cue?.get('length_samples')).toBe(String(sound.length));
  }
  const written = await readFile(join(folder, cues[3]?.get('file') ?? ''), 'utf8');
  expect(written).toBe('Und dann – Stille.\n');
});

test('opens with unzip', async ({ skip }) => {
  const unzip = await run('unzip', ['-v']).catch(() => null);
  if (unzip === null) return skip('there is no unzip here');
  const { path } = await storedPath();
  await packStems(objects, await specOf(path), { key: KEY, signal: never });
  const { stdout } = await run('unzip', ['-t', zipFile()]);
  expect(stdout).toContain('No errors detected');
});

test('is not stored if a stem is not what it was, or if it is not wanted any more', async () => {
  const { path } = await storedPath();
  const spec = await specOf(path);
  const [first, ...rest] = spec.recordings;
  if (first === undefined) throw new Error('no recordings');
  const damaged = { ...spec, recordings: [{ ...first, sha256: '0'.repeat(64) }, ...rest] };
  await expect(packStems(objects, damaged, { key: KEY, signal: never })).rejects.toThrow(
    OutputRejected,
  );
  const stopped = AbortSignal.abort(new Error('the worker is stopping'));
  await expect(packStems(objects, spec, { key: KEY, signal: stopped })).rejects.toThrow('stopping');
  expect(await objects.head(KEY)).toBeNull();
});
