// The measurements run, small and quick, and report in the one shape; those that take a browser or
// minutes are left out.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { reportSchema } from '../bench/support/report.ts';
import { copyTemplate, dropCopy } from './harness/postgres.ts';

const BENCH = path.resolve(import.meta.dirname, '../bench');
const benches = (await readdir(BENCH))
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => path.basename(file, '.bench.ts'))
  // Minutes of audio, or the whole product in a browser; what they run has tests of its own.
  .filter((name) => !['take-to-playable', 'mixes', 'listening'].includes(name));

let results: string;

beforeAll(async () => {
  results = await mkdtemp(path.join(tmpdir(), 'tap-story-bench-results-'));
});

afterAll(async () => {
  await rm(results, { recursive: true, force: true });
});

test.each(benches)('the measurement of %s runs', { timeout: 300_000 }, async (name) => {
  const postgres = inject('postgres');
  const url = await copyTemplate(postgres);
  try {
    const file = path.join(BENCH, `${name}.bench.ts`);
    await promisify(execFile)(process.execPath, [file, '--quick', `--results=${results}`], {
      env: { ...process.env, BENCH_DATABASE_URL: url },
      timeout: 290_000,
    });
    const text: unknown = JSON.parse(await readFile(path.join(results, `${name}.json`), 'utf8'));
    const report = v.parse(reportSchema, text);
    expect(report.bench).toBe(name);
  } finally {
    await dropCopy(postgres, url);
  }
});
