// What the guard costs an ordinary update: `node bench/guard.bench.ts`. One character typed into
// words of each size, against what Yjs takes to apply it.
import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { STEP, syncFrame } from '../collab-server/frames.ts';
import { assertWordsFit, FrameGuard } from '../collab-server/guard.ts';
import { newsOf } from '../collab-server/update-guard.ts';
import { runBench } from './run.ts';

const EDITS = 2_000;
const LENGTHS = [0, 1_000, 2_500] as const;
const GOAL_US = 100;

interface Cost {
  readonly length: number;
  readonly guardP50Us: number;
  readonly guardP99Us: number;
  readonly applyP50Us: number;
}

function measure(length: number): Cost {
  const writer = new Y.Doc();
  const server = new Y.Doc();
  // Many past writers, as words have that were written together.
  for (let n = 0; n < length; n += 50) {
    const past = new Y.Doc();
    Y.applyUpdate(past, Y.encodeStateAsUpdate(server));
    wordsOf(past).insert(0, 'x'.repeat(50));
    Y.applyUpdate(server, Y.encodeStateAsUpdate(past));
  }
  Y.applyUpdate(writer, Y.encodeStateAsUpdate(server));
  const updates: Uint8Array[] = [];
  writer.on('update', (update: Uint8Array) => updates.push(update));
  for (let n = 0; n < EDITS; n += 1) wordsOf(writer).insert(n, 'a');
  const guard = new FrameGuard();
  const [guardUs, applyUs]: [number[], number[]] = [[], []];
  for (const update of updates) {
    const frame = syncFrame('take:00000000-0000-4000-8000-000000000000:words', STEP.update, update);
    const beganMs = performance.now();
    guard.check(frame);
    newsOf(server, update);
    assertWordsFit(server, update);
    const guardedMs = performance.now();
    Y.applyUpdate(server, update);
    guardUs.push((guardedMs - beganMs) * 1_000);
    applyUs.push((performance.now() - guardedMs) * 1_000);
  }
  return {
    length,
    guardP50Us: percentile(guardUs, 0.5),
    guardP99Us: percentile(guardUs, 0.99),
    applyP50Us: percentile(applyUs, 0.5),
  };
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 10) / 10;
}

await runBench(async () => {
  measure(0);
  const results = LENGTHS.map(measure);
  console.table(results);
  const machine = { node: process.version, cores: availableParallelism() };
  const report = { measuredAt: new Date().toISOString(), machine, EDITS, GOAL_US, results };
  const folder = new URL('results/', import.meta.url);
  await mkdir(folder, { recursive: true });
  await writeFile(new URL('guard.json', folder), `${JSON.stringify(report, null, 2)}\n`);
  if (results.some(({ guardP50Us }) => guardP50Us > GOAL_US)) throw new Error('the guard is slow');
});
