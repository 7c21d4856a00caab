// What a measurement leaves: one JSON file of one shape, and a table for whoever watches.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import path from 'node:path';
import * as v from 'valibot';
import { isQuick, resultsFolder } from './options.ts';

/** A cell that was not measured is null; one that came out as no number fails the report. */
const rowSchema = v.record(v.string(), v.nullable(v.union([v.string(), v.number()])));

export const reportSchema = v.object({
  bench: v.string(),
  measuredAt: v.pipe(v.string(), v.isoTimestamp()),
  machine: v.object({
    cpu: v.string(),
    cores: v.number(),
    memoryGb: v.number(),
    platform: v.string(),
  }),
  versions: v.record(v.string(), v.string()),
  /** What the numbers depend on: rounds, rates, sizes. */
  settings: v.record(v.string(), v.union([v.string(), v.number(), v.array(v.number())])),
  /** Rows of the table. */
  results: v.pipe(v.array(rowSchema), v.minLength(1)),
  goals: v.array(
    v.object({ goal: v.string(), atMost: v.number(), measured: v.number(), isMet: v.boolean() }),
  ),
});
export type Report = v.InferOutput<typeof reportSchema>;
export type Row = v.InferOutput<typeof rowSchema>;

export interface Goal {
  readonly goal: string;
  readonly atMost: number;
  readonly measured: number;
}

export interface Findings {
  readonly bench: string;
  readonly settings: Report['settings'];
  readonly results: readonly Row[];
  readonly goals?: readonly Goal[];
  /** Versions beside those of Node and of the packages. */
  readonly versions?: Readonly<Record<string, string>>;
}

const RESULTS = path.resolve(import.meta.dirname, '../results');
const PACKAGES = [
  '@hocuspocus/server',
  '@hocuspocus/extension-database',
  '@y/websocket-server',
  'yjs',
] as const;

/** Shows what was found and writes it to the results. @throws if it does not fit the schema */
export async function report(findings: Findings): Promise<void> {
  const { bench, settings, results, goals = [], versions = {} } = findings;
  const told = v.parse(reportSchema, {
    bench,
    measuredAt: new Date().toISOString(),
    machine: {
      cpu: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      memoryGb: Math.round(totalmem() / 2 ** 30),
      platform: `${platform()} ${arch()}`,
    },
    versions: { node: process.versions.node, ...(await packageVersions()), ...versions },
    settings,
    results,
    goals: goals.map((goal) => ({ ...goal, isMet: goal.measured <= goal.atMost })),
  });
  console.table(told.results);
  for (const { goal, atMost, measured, isMet } of isQuick ? [] : told.goals) {
    console.log(`${isMet ? 'met   ' : 'MISSED'} ${goal}: ${measured}, at most ${atMost}`);
  }
  await save(told);
}

async function save(told: Report): Promise<void> {
  if (isQuick && resultsFolder === undefined) return;
  const folder = resultsFolder ?? RESULTS;
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, `${told.bench}.json`), `${JSON.stringify(told, null, 2)}\n`);
}

async function packageVersions(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of PACKAGES) {
    const file = path.resolve(import.meta.dirname, '../../node_modules', name, 'package.json');
    const text: unknown = JSON.parse(await readFile(file, 'utf8'));
    found[name] = v.parse(v.object({ version: v.string() }), text).version;
  }
  return found;
}
