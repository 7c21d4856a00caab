// What the guard costs an ordinary update: `node bench/guard.bench.ts`. One character typed into
// words of each size, against what Yjs takes to apply it.
import * as Y from 'yjs';
import { wordsOf } from '#domain/story/document.ts';
import { STEP, syncFrame } from '../collab-server/frames.ts';
import { assertWordsFit, FrameGuard } from '../collab-server/guard.ts';
import { newsOf } from '../collab-server/update-guard.ts';
import { WordsShape } from '../collab-server/words-shape.ts';
import { setting } from './support/options.ts';
import { report } from './support/report.ts';
import { runBench } from './support/run.ts';
import { percentile, rounded } from './support/statistics.ts';

const EDITS = setting(2_000, 200);
const LENGTHS = [0, 1_000, 2_500] as const;
const GOAL_US = 100;

function measure(length: number) {
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
    newsOf(server, update, new WordsShape(server));
    assertWordsFit(server, update);
    const guardedMs = performance.now();
    Y.applyUpdate(server, update);
    guardUs.push((guardedMs - beganMs) * 1_000);
    applyUs.push((performance.now() - guardedMs) * 1_000);
  }
  return {
    length,
    guardP50Us: rounded(percentile(guardUs, 0.5)),
    guardP99Us: rounded(percentile(guardUs, 0.99)),
    applyP50Us: rounded(percentile(applyUs, 0.5)),
  };
}

await runBench(async () => {
  measure(0);
  const results = LENGTHS.map(measure);
  await report({
    bench: 'guard',
    settings: { EDITS },
    results,
    goals: results.map(({ length, guardP50Us }) => ({
      goal: `the guard on an edit of ${length} characters, µs`,
      atMost: GOAL_US,
      measured: guardP50Us,
    })),
  });
});
