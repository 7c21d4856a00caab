// The runner on real ffmpegs: how a run ends, and that nothing outlives it.
import { readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { withJobFolder } from '../job-folder.ts';
import { wavFile } from '../testing/files.ts';
import { babble } from '../testing/signals.ts';
import { testTools } from '../testing/tools.ts';
import { decodeUpload } from '../stem.ts';
import { FfmpegFailed, FfmpegKilled, FfmpegStarved } from './failures.ts';
import { runFfmpeg, type Tool } from './run.ts';

const ENDLESS = ['-f', 'lavfi', '-i', 'anoisesrc=r=48000', '-c:a', 'libopus', '-f', 'ogg', 'x.ogg'];

/** Starts something endless, and tells when it is under way. */
function startEndless(
  tool: Tool,
  folder: string,
  options: { signal?: AbortSignal; wallMs?: number },
) {
  const started = Promise.withResolvers<void>();
  const onProgress = () => started.resolve();
  const ended = runFfmpeg(tool, ENDLESS, { folder, expectedSeconds: 1e6, onProgress, ...options });
  return { started: started.promise, ended };
}

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`${name} ffmpeg (${why})`, () => {
    test('tells its progress, rising to the end', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'in.wav'), wavFile(babble(1, 480_000)));
        const seen: number[] = [];
        const args = ['-f', 'wav', '-i', 'in.wav', '-c:a', 'libopus', '-f', 'ogg', 'out.ogg'];
        const onProgress = (done: number) => seen.push(done);
        await runFfmpeg(tool, args, { folder, expectedSeconds: 10, onProgress });
        expect(seen).toEqual(seen.toSorted((a, b) => a - b));
        expect(seen.at(-1)).toBeGreaterThan(0.98);
        expect((await readdir(folder)).toSorted()).toEqual(['in.wav', 'out.ogg']);
      });
    });

    test('is gone when its signal has aborted', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        const abort = new AbortController();
        const { started, ended } = startEndless(tool, folder, { signal: abort.signal });
        await started;
        abort.abort(new Error('no longer wanted'));
        await expect(ended).rejects.toThrow('no longer wanted');
      });
    });

    test('is ended at the limit of the clock on the wall', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        const { ended } = startEndless(tool, folder, { wallMs: 1_000 });
        await expect(ended).rejects.toThrow(new FfmpegKilled('wall limit'));
      });
    });

    test('an error of its own comes with the last lines that it wrote', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        const run = runFfmpeg(tool, ['-i', 'missing.wav', 'out.flac'], { folder });
        await expect(run).rejects.toThrow(FfmpegFailed);
        const lines = await run.catch((error: unknown) =>
          error instanceof FfmpegFailed ? error.lastLines : [],
        );
        expect(lines.join('\n')).toContain('missing.wav');
      });
    });

    test('a full disk is told apart from a fault of the file', async () => {
      if (tool === null) return;
      const unbound = { ...tool, limits: [] }; // behind them there is no /dev
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'in.wav'), wavFile(babble(1, 480_000)));
        for (const [to, codec] of [
          ['out.flac', ['-c:a', 'flac', '-f', 'flac']],
          ['out.raw', ['-c:a', 'pcm_s16le', '-f', 's16le']],
        ] as const) {
          await symlink('/dev/full', join(folder, to)); // every write says: no space left
          const args = ['-y', '-f', 'wav', '-i', 'in.wav', ...codec, to];
          await expect(runFfmpeg(unbound, args, { folder })).rejects.toThrow(FfmpegStarved);
        }
      });
    });

    test('a program that cannot be run says nothing about the file', async () => {
      if (tool === null) return;
      const broken = { ...tool, limits: [...tool.limits, '/usr/bin/env', 'no-such-program'] };
      await withJobFolder(async (folder) => {
        await expect(runFfmpeg(broken, [], { folder })).rejects.toThrow(FfmpegStarved);
      });
    });

    test('long tags crowd out nothing of what it says', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'in.wav'), wavFile(babble(1, 48_000)));
        const lyrics = Array.from({ length: 500 }, (_, line) => `line ${line}`).join('\n');
        const tags = ['-metadata', `lyrics=${lyrics}`, '-c:a', 'flac', '-f', 'flac', 'song.flac'];
        await runFfmpeg(tool, ['-f', 'wav', '-i', 'in.wav', ...tags], { folder });
        const song = { upload: 'song.flac', format: 'flac' } as const;
        const { probed } = await decodeUpload(tool, song, { folder });
        expect(probed).toEqual({ durationSeconds: 1 });
      });
    });

    test('tags that it writes are not taken for its own words', async () => {
      if (tool === null) return;
      await withJobFolder(async (folder) => {
        await writeFile(join(folder, 'in.wav'), wavFile(babble(1, 48_000)));
        const title = 'No space left on device';
        const tags = ['-metadata', `title=${title}\n${title}\u2028${title}`];
        const args = [
          '-f',
          'wav',
          '-i',
          'in.wav',
          ...tags,
          '-c:a',
          'flac',
          '-f',
          'flac',
          'out.flac',
        ];
        const lines = await runFfmpeg(tool, args, { folder });
        expect(lines.join('\n')).not.toContain(title);
      });
    });

    test('does not see the environment of the worker', async () => {
      if (tool === null) return;
      vi.stubEnv('FFREPORT', 'file=report.log:level=32');
      await withJobFolder(async (folder) => {
        await runFfmpeg(tool, ['-version'], { folder });
        expect(await readdir(folder)).toEqual([]);
      });
      vi.unstubAllEnvs();
    });
  });
}
