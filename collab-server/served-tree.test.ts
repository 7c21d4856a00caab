import { expect, test } from 'vitest';
import * as decoding from 'lib0/decoding';
import * as Y from 'yjs';
import { storyId } from '#domain/story/ids.ts';
import { readFrame, STEP, syncFrame } from './frames.ts';
import { ServedTree, type Reader } from './served-tree.ts';
import type { TreeRequest } from './tree-messages.ts';

const WRITER = 7;
const name = 'story:6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01';
const frameOf = (n: number) => syncFrame(name, STEP.update, new Uint8Array([0, 0, n]));
const whole = frameOf(0);

class TestReader implements Reader {
  readonly messageAddress = name;
  readonly heard: Uint8Array[] = [];

  send(frame: Uint8Array): void {
    this.heard.push(frame);
  }

  get steps(): number[] {
    return this.heard.map((frame) => decoding.readVarUint(readFrame(frame).body));
  }
}

/** A tree that is open, and what it asks of its thread. */
function openTree() {
  const readers = new Set<Reader>();
  const asked: Extract<TreeRequest, { type: 'lacks' }>[] = [];
  const tree = new ServedTree({
    tree: 1,
    storyId: storyId('6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01'),
    document: {
      name,
      hasConnection: (reader) => readers.has(reader),
      getConnections: () => [...readers],
    },
    request: (request) => {
      if (request.type === 'lacks') asked.push(request);
    },
    later: (send) => void send(),
  });
  const vector = Y.encodeStateVector(new Map([[WRITER, 1_000]]));
  tree.handle({ type: 'opened', tree: 1, frames: [whole], vector, missed: null });
  /** Somebody asks who has so much of the tree. */
  const ask = (clock: number): TestReader => {
    const reader = new TestReader();
    readers.add(reader);
    tree.ask(reader, Y.encodeStateVector(new Map([[WRITER, clock]])));
    return reader;
  };
  return { tree, vector, asked, ask };
}

test('the thread is asked a few things at once; whoever asks more is sent the whole tree', () => {
  const { tree, asked, ask } = openTree();
  const crowd = Array.from({ length: 100 }, (_, n) => ask(n + 1));
  expect(asked).toHaveLength(8);
  const [waiting, served] = [crowd.slice(0, 8), crowd.slice(8)];
  for (const { heard, steps } of served) {
    expect(heard[0]).toBe(whole);
    expect(steps).toEqual([STEP.update, STEP.reply, STEP.stateVector]);
  }
  expect(waiting.flatMap(({ heard }) => heard)).toEqual([]);
  // Whoever has what another has who waits costs nothing, and is answered with them.
  const alike = ask(1);
  expect(asked).toHaveLength(8);
  for (const [n, { key }] of asked.entries())
    tree.handle({ type: 'lacked', tree: 1, key, frame: frameOf(n + 1) });
  expect(alike.heard[0]).toEqual(frameOf(1));
  expect(waiting.map(({ heard }) => heard[0])).toEqual(asked.map((_, n) => frameOf(n + 1)));
  ask(500);
  expect(asked).toHaveLength(9);
});

test('what newcomers are sent stays at hand however many others ask', () => {
  const { tree, vector, asked, ask } = openTree();
  for (let clock = 1; clock < 100; clock += 1) {
    ask(clock);
    const key = asked.at(-1)?.key ?? '';
    tree.handle({ type: 'lacked', tree: 1, key, frame: frameOf(clock) });
    expect(ask(0).heard[0]).toBe(whole);
  }
  expect(asked).toHaveLength(99);
  // Once that is stale it is asked for, whoever else waits.
  for (let n = 0; n < 100; n += 1) tree.handle({ type: 'grown', tree: 1, frame: whole, vector });
  for (let clock = 1; clock < 100; clock += 1) ask(clock);
  expect(asked.slice(99).map(({ key }) => key)).toContain('');
  expect(asked).toHaveLength(99 + 8 + 1);
});

test('whoever waits for an answer is sent nothing before it (fuzz, seeds 4 and 5: takes without a parent)', () => {
  const { tree, vector, asked, ask } = openTree();
  const [back, fresh] = [ask(7), ask(0)];
  const grown = frameOf(200);
  tree.handle({ type: 'grown', tree: 1, frame: grown, vector });
  expect(back.heard).toEqual([]);
  expect(fresh.heard.at(-1)).toBe(grown);
  const key = asked.at(-1)?.key ?? '';
  tree.handle({ type: 'lacked', tree: 1, key, frame: frameOf(7) });
  expect(back.heard[0]).toEqual(frameOf(7));
  tree.handle({ type: 'grown', tree: 1, frame: grown, vector });
  expect(back.heard.at(-1)).toBe(grown);
});
