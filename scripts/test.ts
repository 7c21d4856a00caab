// `npm test`: the checks, the tests and the journeys, and one last line that counts them.
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { check } from './check.ts';
import {
  noReport,
  playwrightCounts,
  sum,
  summary,
  vitestCounts,
  type Counts,
} from './test/counts.ts';
import { runTool } from './test/tool.ts';

process.chdir(path.resolve(import.meta.dirname, '..'));
const reports = path.resolve('build/test');
await rm(reports, { recursive: true, force: true });
await mkdir(reports, { recursive: true });

const checked = await check();
const codes: number[] = [];
const counts = sum([await vitest(), await playwright()]);
const passed =
  checked && counts.passed > 0 && counts.failed === 0 && codes.every((code) => code === 0);
if (!checked) process.stdout.write('the checks failed, see above\n');
process.stdout.write(`${summary(counts)}\n`);
process.exitCode = passed ? 0 : 1;

async function vitest(): Promise<Counts> {
  const file = path.join(reports, 'vitest.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const { code } = await runTool('vitest', ['run', ...reporters], { show: true });
  codes.push(code);
  return readReport(file, vitestCounts);
}

async function playwright(): Promise<Counts> {
  const file = path.join(reports, 'playwright.json');
  const { code } = await runTool('playwright', ['test', '--reporter=list,json'], {
    show: true,
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: file },
  });
  codes.push(code);
  return readReport(file, playwrightCounts);
}

async function readReport(file: string, count: (report: unknown) => Counts): Promise<Counts> {
  const text = await readFile(file, 'utf8').catch(() => null);
  return text === null ? noReport : count(JSON.parse(text));
}
