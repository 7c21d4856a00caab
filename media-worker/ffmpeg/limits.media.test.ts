// What an operator is told of the bounds that this machine lacks.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { anyTool } from '../testing/tools.ts';
import { boundsFor, warnOfMissing, type Bounds } from './limits.ts';

/** Makes the programs of a folder, which are shell scripts, all that there are on PATH. */
async function onlyPrograms(scripts: Readonly<Record<string, string>>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tap-story-programs-'));
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  vi.stubEnv('PATH', folder);
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });
}

/** What the log has of some bounds. */
function warningsOf(bounds: Bounds): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  warnOfMissing(bounds, pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) }));
  return lines;
}

describe.skipIf(process.platform !== 'linux')('a bound that cannot be set here', () => {
  test('is left out, and the log says which it is and why', async () => {
    const { ffmpeg } = await anyTool();
    await onlyPrograms({
      prlimit: 'echo "prlimit: this container says no" >&2; exit 1',
      nice: 'shift 2; exec "$@"',
    });
    const bounds = await boundsFor(ffmpeg);
    expect(bounds.limits.map((word) => word.split('/').at(-1))).toEqual(['nice', '-n', '10']);
    const warnings = warningsOf(bounds);
    const told = new Map(warnings.map(({ bound, why }) => [bound, why]));
    expect(told.get('CPU time, memory and the size of files')).toBe(
      'prlimit: this container says no',
    );
    expect(told.get('an end together with the worker')).toBe('there is no setpriv on PATH');
    expect(told.get('no network')).toBe('there is no unshare on PATH');
    expect(told.has('a low priority')).toBe(false);
    expect(warnings.at(-1)?.['msg']).toContain('ffmpeg is not confined');
  });

  test.each([
    ['anything', 'files and addresses'],
    ['folder and network', 'addresses'],
  ] as const)('is told with what it leaves open: %s', (reach, open) => {
    const [warning] = warningsOf({ reach, limits: [], missing: [] });
    expect(warning?.['msg']).toContain(`keep it from ${open} that`);
  });

  test('is not spoken of where every bound holds', () => {
    expect(warningsOf({ reach: 'folder', limits: [], missing: [] })).toEqual([]);
  });
});
