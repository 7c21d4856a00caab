// `npm test`: the checks, the tests and the journeys, what of them failed, and one last line that
// counts them.
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { check } from './check.ts';
import { noReport, playwrightCounts, sum, summary, vitestCounts } from './test/counts.ts';
import { failureLines, playwrightFailures, vitestFailures } from './test/failures.ts';
import type { Counts } from './test/counts.ts';
import type { Failure } from './test/failures.ts';
import { runTool } from './test/tool.ts';

interface Outcome {
  readonly counts: Counts;
  /** Not empty if the runner says that it failed. */
  readonly failures: readonly Failure[];
}

interface Runner {
  readonly args: readonly string[];
  readonly env?: Record<string, string>;
  /** The file to which it writes its report. */
  readonly report: string;
  readonly countsOf: (report: unknown) => Counts;
  readonly failuresOf: (report: unknown, root: string) => Failure[];
}

const root = path.resolve(import.meta.dirname, '..');
process.chdir(root);
const reports = path.resolve('build/test');
// Hundreds of servers are started and killed: what V8 compiled for one is there for the next.
process.env['NODE_COMPILE_CACHE'] = path.resolve('build/compile-cache');
await rm(reports, { recursive: true, force: true });
await mkdir(reports, { recursive: true });
const vitestReport = path.join(reports, 'vitest.json');
const playwrightReport = path.join(reports, 'playwright.json');

const failedChecks = await check();
const outcomes = [
  await run('vitest', {
    args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${vitestReport}`],
    report: vitestReport,
    countsOf: vitestCounts,
    failuresOf: vitestFailures,
  }),
  await run('playwright', {
    args: ['test', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: playwrightReport },
    report: playwrightReport,
    countsOf: playwrightCounts,
    failuresOf: playwrightFailures,
  }),
];
const counts = sum(outcomes.map((outcome) => outcome.counts));
const failures = outcomes.flatMap((outcome) => outcome.failures);
if (failedChecks.length > 0) process.stdout.write(`checks failed: ${failedChecks.join(', ')}\n`);
for (const line of failureLines(failures)) process.stdout.write(`${line}\n`);
process.stdout.write(`${summary(counts)}\n`);
const passed =
  failedChecks.length === 0 && failures.length === 0 && counts.failed === 0 && counts.passed > 0;
process.exitCode = passed ? 0 : 1;

async function run(
  tool: string,
  { args, env = {}, report, countsOf, failuresOf }: Runner,
): Promise<Outcome> {
  const { code } = await runTool(tool, args, { show: true, env });
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) {
    const message = `left no report and exited with code ${code}, see above`;
    return { counts: noReport, failures: [{ file: tool, name: '', message }] };
  }
  const said: unknown = JSON.parse(text);
  const failed = failuresOf(said, root);
  if (code !== 0 && failed.length === 0)
    failed.push({ file: tool, name: '', message: `exited with code ${code}, see above` });
  return { counts: countsOf(said), failures: failed };
}
