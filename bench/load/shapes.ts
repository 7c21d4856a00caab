// What a client keeps in memory of a story, in our shape of the tree and in nested Y types.
import * as v from 'valibot';
import * as Y from 'yjs';

export const shapeSchema = v.object({ state: v.instance(Uint8Array), takes: v.number() });
export const heapSchema = v.object({ bytesPerTake: v.number() });

/** Heap of a document that holds `state`, by take. */
export async function heapOf(given: unknown): Promise<v.InferOutput<typeof heapSchema>> {
  const { state, takes } = v.parse(shapeSchema, given);
  const before = await heapBytes();
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const after = await heapBytes();
  doc.destroy();
  return { bytesPerTake: Math.round((after - before) / takes) };
}

async function heapBytes(): Promise<number> {
  for (let n = 0; n < 3; n += 1) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}
