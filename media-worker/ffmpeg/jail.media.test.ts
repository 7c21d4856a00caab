// What an ffmpeg can reach from inside its bounds, tried with everything that our own arguments
// would refuse: each attempt succeeds without the bounds, and fails behind them.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withJobFolder } from '../job-folder.ts';
import { wavFile } from '../testing/files.ts';
import { babble } from '../testing/signals.ts';
import { testTools } from '../testing/tools.ts';
import { FfmpegFailed, FfmpegKilled } from './failures.ts';
import { runFfmpeg, type Tool } from './run.ts';

const [native, embedded] = await testTools();
const ENDLESS = ['-f', 'lavfi', '-i', 'anoisesrc=r=48000', '-c:a', 'libopus', '-f', 'ogg', 'x.ogg'];

/** Whether ffmpeg could read an address, with no guard in its arguments. */
async function reads(tool: Tool, folder: string, address: string): Promise<boolean> {
  const args = ['-protocol_whitelist', 'file,http,tcp,concat', '-i', address];
  try {
    await runFfmpeg(tool, [...args, '-y', '-f', 's16le', 'stolen.raw'], { folder });
    return true;
  } catch (error) {
    if (error instanceof FfmpegFailed) return false;
    throw error;
  }
}

/** A server that counts who connects, and serves them a recording. */
async function recordingServer(): Promise<{ url: string; connections: () => number }> {
  let connections = 0;
  const wav = wavFile(babble(1, 48_000));
  const server = createServer((socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.end(
      Buffer.concat([
        Buffer.from(
          `HTTP/1.1 200 OK\r\ncontent-length: ${wav.length}\r\nconnection: close\r\n\r\n`,
        ),
        wav,
      ]),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/x.wav`, connections: () => connections };
}

/** A recording of somebody else's, beside the job's folder. */
async function neighbour(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tap-story-neighbour-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'voice.wav');
  await writeFile(path, wavFile(babble(2, 48_000)));
  return path;
}

describe.skipIf(native.tool === null || process.platform !== 'linux')('native ffmpeg', () => {
  test('cannot connect to a server on this machine', async (context) => {
    const { tool } = native;
    if (tool?.reach !== 'folder' && tool?.reach !== 'no network')
      return context.skip('not held here');
    const { url, connections } = await recordingServer();
    await withJobFolder(async (folder) => {
      expect(await reads({ ...tool, limits: [] }, folder, url)).toBe(true);
      expect(connections()).toBe(1);
      expect(await reads(tool, folder, url)).toBe(false);
      expect(connections()).toBe(1);
    });
  });

  test('cannot read a file outside of its folder, however that is named', async (context) => {
    const { tool } = native;
    if (tool?.reach !== 'folder') return context.skip('not held here');
    const path = await neighbour();
    await withJobFolder(async (folder) => {
      await symlink(path, join(folder, 'link.wav'));
      expect(await reads({ ...tool, limits: [] }, folder, path)).toBe(true);
      const up = '../'.repeat(12) + path.slice(1);
      for (const address of [path, `file:${path}`, up, `concat:${path}`, 'link.wav']) {
        expect([address, await reads(tool, folder, address)]).toEqual([address, false]);
      }
    });
  });

  test('writes into its folder, and nowhere else', async (context) => {
    const { tool } = native;
    if (tool?.reach !== 'folder') return context.skip('not held here');
    const outside = join(tmpdir(), `tap-story-outside-${randomUUID()}.wav`);
    await withJobFolder(async (folder) => {
      await writeFile(join(folder, 'in.wav'), wavFile(babble(3, 4_800)));
      await runFfmpeg(tool, ['-i', 'in.wav', 'out.wav'], { folder });
      expect((await readFile(join(folder, 'out.wav'))).length).toBeGreaterThan(9_600);
      const stray = runFfmpeg(tool, ['-i', 'in.wav', outside], { folder });
      await expect(stray).rejects.toThrow(FfmpegFailed);
      await expect(readFile(outside)).rejects.toThrow('ENOENT');
    });
  });

  test('changes none of the system’s programs and lists of libraries', async (context) => {
    const { tool } = native;
    if (tool?.reach !== 'folder') return context.skip('not held here');
    const name = `tap-story-${randomUUID()}`;
    const touch = ['/usr', '/usr/bin', '/lib', '/etc/alternatives', '.']
      .map((folder) => `touch ${folder}/${name} && echo "WROTE ${folder}" >&2`)
      .join('; ');
    const leading = [
      '-c',
      `${touch}; echo x > /etc/ld.so.cache && echo "WROTE a list" >&2; exit 0`,
    ];
    const shell = { ...tool, ffmpeg: { ...tool.ffmpeg, command: '/bin/sh', leading } };
    const said = await withJobFolder((folder) => runFfmpeg(shell, [], { folder }));
    expect(said.filter((line) => line.startsWith('WROTE'))).toEqual(['WROTE .']);
  });

  test('is started with nothing of the worker’s environment', async () => {
    if (native.tool === null) return;
    vi.stubEnv('DATABASE_URL', 'postgres://tap:secret@127.0.0.1/tap');
    const leading = ['-c', 'env >&2'];
    const shell = {
      ...native.tool,
      ffmpeg: { ...native.tool.ffmpeg, command: '/bin/sh', leading },
    };
    const seen = await withJobFolder((folder) => runFfmpeg(shell, [], { folder }));
    vi.unstubAllEnvs();
    const names = new Set(seen.map((line) => line.split('=')[0]));
    for (const ofShell of ['PWD', 'OLDPWD', '_']) names.delete(ofShell);
    expect(names).toEqual(
      new Set(['AV_LOG_FORCE_NOCOLOR', 'HOME', 'LANG', 'MALLOC_ARENA_MAX', 'PATH', 'TMPDIR']),
    );
  });

  test('has no more memory than it was given', async (context) => {
    const { tool } = native;
    const limits = tool?.limits.map((it) => (it.startsWith('--as=') ? '--as=400000000' : it));
    if (tool === null || !limits?.includes('--as=400000000')) return context.skip('not held here');
    const picture = ['-f', 'lavfi', '-i', 'color=s=8000x8000:d=0.4', '-vf', 'tmix=frames=9'];
    const args = ['-threads', '1', ...picture, '-frames:v', '1', '-f', 'null', '-'];
    await withJobFolder(async (folder) => {
      expect((await runFfmpeg(tool, args, { folder })).join('\n')).toContain('frame=    1');
      // Its exit code says that all is well.
      const lines = await runFfmpeg({ ...tool, limits }, args, { folder });
      expect(lines.join('\n')).toContain('Cannot allocate memory');
    });
  });
});

/** What a process with the rights of the embedded ffmpeg says of an attempt: `done`, or the error. */
async function attempt(tool: Tool, folder: string, code: string): Promise<string> {
  const leading = [...tool.ffmpeg.leading.slice(0, -1), '--input-type=module', '-e'];
  const script = `
    const say = (word) => { console.error('SAID ' + word); process.exit(0); };
    process.on('uncaughtException', (error) => say(error.code ?? error.message));
    ${code}
    say('done');`;
  const node = { ...tool, ffmpeg: { ...tool.ffmpeg, leading: [...leading, script, '--'] } };
  const lines = await runFfmpeg(node, [], { folder });
  return lines.find((line) => line.startsWith('SAID '))?.slice(5) ?? lines.join('\n');
}

describe.skipIf(process.platform !== 'linux')('the process of the embedded ffmpeg', () => {
  test('reaches its folder, and no other file, program or server', async (context) => {
    const { tool } = embedded;
    if (tool?.reach !== 'folder') return context.skip('not held here');
    const path = JSON.stringify(await neighbour());
    const { url, connections } = await recordingServer();
    await withJobFolder(async (folder) => {
      const fs = `const { readFileSync, writeFileSync } = await import('node:fs');`;
      const tried = {
        own: `${fs} writeFileSync('own', 'x'); readFileSync('own');`,
        read: `${fs} readFileSync(${path});`,
        write: `${fs} writeFileSync(${path}, '');`,
        program: `(await import('node:child_process')).execFileSync('/bin/true');`,
        server: `await (await fetch('${url}')).text();`,
      };
      const said: Record<string, string> = {};
      for (const [what, code] of Object.entries(tried)) {
        said[what] = await attempt(tool, folder, code);
      }
      const denied = 'ERR_ACCESS_DENIED';
      expect(said).toEqual({
        own: 'done',
        read: denied,
        write: denied,
        program: denied,
        server: 'fetch failed',
      });
      expect(connections()).toBe(0);
    });
  });
});

for (const { name, tool, why } of [native, embedded]) {
  describe.skipIf(tool === null || process.platform !== 'linux')(`${name} ffmpeg (${why})`, () => {
    test('is ended when it has used up its CPU time, and it is known that this was why', async (context) => {
      const limits = tool?.limits.map((word) => (word.startsWith('--cpu=') ? '--cpu=1:6' : word));
      if (tool === null || !limits?.includes('--cpu=1:6')) return context.skip('not held here');
      await withJobFolder(async (folder) => {
        const run = runFfmpeg({ ...tool, limits }, ENDLESS, { folder });
        await expect(run).rejects.toThrow(new FfmpegKilled('SIGXCPU'));
      });
    });

    test('does not begin if the worker died before it could be told to end with it', async (context) => {
      const pid = String(process.pid);
      if (tool === null || !tool.limits.includes(pid)) return context.skip('not held here');
      const orphan = { ...tool, limits: tool.limits.map((word) => (word === pid ? '1' : word)) };
      await withJobFolder(async (folder) => {
        await expect(runFfmpeg(orphan, ['-version'], { folder })).rejects.toThrow(FfmpegFailed);
      });
    });
  });
}
