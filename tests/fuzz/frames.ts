// Frames that no client of ours sends: honest ones with bytes changed, and updates made from parts
// that Yjs knows, in no sensible order.
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { authenticationFrame, STEP, syncFrame } from '../../collab-server/frames.ts';
import { presenceFrame } from '../../collab-server/testing/raw.ts';

export interface Targets {
  /** Names of documents. */
  readonly documents: readonly string[];
  /** Client ids that are worth attacking. */
  readonly clients: readonly number[];
  /** A document as its writers have it. */
  readonly honest: Y.Doc;
}

type Random = () => number;

const below = (random: Random, most: number): number => Math.floor(random() * most);

function pick<T>(random: Random, among: readonly T[]): T {
  const picked = among[below(random, among.length)];
  if (picked === undefined) throw new Error('nothing to pick from');
  return picked;
}

/** The next frame of a seed. */
export function hostileFrame(random: Random, targets: Targets): Uint8Array {
  const name = pick(random, targets.documents);
  const frame = pick(random, makers)(random, name, targets);
  return random() < 0.5 ? mutated(frame, random) : frame;
}

const makers: readonly ((random: Random, name: string, targets: Targets) => Uint8Array)[] = [
  (_random, name) => authenticationFrame(name),
  (_random, name) => presenceFrame(name, []),
  (random, name, { clients }) =>
    presenceFrame(name, [[clientId(random, clients), below(random, 1e6), { caret: null }]]),
  (random, name, { honest }) =>
    syncFrame(name, pick(random, [0, 1, 2, 3]), Y.encodeStateVector(honest)),
  (random, name, { honest }) => syncFrame(name, step(random), Y.encodeStateAsUpdate(honest)),
  (random, name, { honest }) => syncFrame(name, step(random), nextEdit(random, honest)),
  // The most of them: these reach furthest.
  ...Array.from(
    { length: 6 },
    () =>
      (random: Random, name: string, { clients }: Targets) =>
        syncFrame(name, step(random), craftedUpdate(random, clients)),
  ),
];

const step = (random: Random): number => (random() < 0.6 ? STEP.update : STEP.reply);

/** What somebody types who has the document. */
function nextEdit(random: Random, honest: Y.Doc): Uint8Array {
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(honest));
  const before = Y.encodeStateVector(doc);
  const text = doc.getText('words');
  if (random() < 0.5) text.insert(below(random, text.length + 1), 'typed ');
  else text.delete(0, Math.min(text.length, 1 + below(random, 4)));
  return Y.encodeStateAsUpdate(doc, before);
}

function clientId(random: Random, clients: readonly number[]): number {
  if (random() < 0.5) return pick(random, clients);
  return below(random, pick(random, [4, 2 ** 16, 2 ** 32, 2 ** 53]));
}

/** An update in Yjs' first encoding. */
function craftedUpdate(random: Random, clients: readonly number[]): Uint8Array {
  const encoder = encoding.createEncoder();
  const groups = below(random, 3);
  encoding.writeVarUint(encoder, groups);
  for (let group = 0; group < groups; group += 1) {
    const structs = 1 + below(random, 3);
    encoding.writeVarUint(encoder, structs);
    encoding.writeVarUint(encoder, clientId(random, clients));
    encoding.writeVarUint(encoder, clock(random));
    for (let n = 0; n < structs; n += 1) writeStruct(encoder, random, clients);
  }
  writeDeletions(encoder, random, clients);
  return encoding.toUint8Array(encoder);
}

const clock = (random: Random): number =>
  random() < 0.7 ? below(random, 12) : below(random, pick(random, [200, 2 ** 31, 2 ** 53]));

function writeStruct(encoder: encoding.Encoder, random: Random, clients: readonly number[]): void {
  const GC = 0;
  const SKIP = 10;
  const ref = below(random, 11);
  if (ref === GC || ref === SKIP) {
    encoding.writeUint8(encoder, ref);
    encoding.writeVarUint(encoder, 1 + clock(random));
    return;
  }
  const [origin, right, sub] = [random() < 0.4, random() < 0.2, random() < 0.1];
  const flags = 0x80 * Number(origin) + 0x40 * Number(right) + 0x20 * Number(sub);
  encoding.writeUint8(encoder, ref | flags);
  for (const isThere of [origin, right]) if (isThere) writeId(encoder, random, clients);
  if (!origin && !right) {
    writeParent(encoder, random, clients);
    if (sub) encoding.writeVarString(encoder, 'key');
  }
  contents[ref]?.(encoder, random);
}

function writeParent(encoder: encoding.Encoder, random: Random, clients: readonly number[]): void {
  const isRoot = random() < 0.8;
  encoding.writeVarUint(encoder, isRoot ? 1 : 0);
  if (isRoot) encoding.writeVarString(encoder, random() < 0.8 ? 'words' : 'else');
  else writeId(encoder, random, clients);
}

function writeId(encoder: encoding.Encoder, random: Random, clients: readonly number[]): void {
  encoding.writeVarUint(encoder, clientId(random, clients));
  encoding.writeVarUint(encoder, clock(random));
}

/** What each kind of content is, as Yjs numbers them. */
const contents: Readonly<Record<number, (encoder: encoding.Encoder, random: Random) => void>> = {
  1: (encoder, random) => encoding.writeVarUint(encoder, 1 + clock(random)),
  2: (encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarString(encoder, '{"a":1}');
  },
  3: (encoder) => encoding.writeVarUint8Array(encoder, new Uint8Array(8)),
  4: (encoder, random) => encoding.writeVarString(encoder, 'x'.repeat(1 + below(random, 9))),
  5: (encoder) => encoding.writeVarString(encoder, '{"embed":true}'),
  6: (encoder) => {
    encoding.writeVarString(encoder, 'bold');
    encoding.writeVarString(encoder, 'true');
  },
  7: (encoder, random) => encoding.writeVarUint(encoder, below(random, 8)),
  8: (encoder) => {
    encoding.writeVarUint(encoder, 1);
    encoding.writeAny(encoder, { a: 1 });
  },
  9: (encoder) => {
    encoding.writeVarString(encoder, 'guid');
    encoding.writeAny(encoder, {});
  },
};

function writeDeletions(
  encoder: encoding.Encoder,
  random: Random,
  clients: readonly number[],
): void {
  const groups = below(random, 3);
  encoding.writeVarUint(encoder, groups);
  for (let group = 0; group < groups; group += 1) {
    encoding.writeVarUint(encoder, clientId(random, clients));
    encoding.writeVarUint(encoder, 1);
    encoding.writeVarUint(encoder, clock(random));
    encoding.writeVarUint(encoder, 1 + clock(random));
  }
}

/** A frame with some bytes overwritten, left out or added, behind its address or anywhere. */
function mutated(frame: Uint8Array, random: Random): Uint8Array {
  const bytes = [...frame];
  const from = random() < 0.8 ? 1 + (frame[0] ?? 0) : 0;
  for (let changes = 1 + below(random, 4); changes > 0; changes -= 1) {
    const at = from + below(random, bytes.length - from + 1);
    const byte = random() < 0.3 ? 0xff : below(random, 256);
    bytes.splice(at, below(random, 3), ...(random() < 0.7 ? [byte] : []));
  }
  return Uint8Array.from(bytes);
}
