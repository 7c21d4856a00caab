// Walks over a Yjs update (encoding V1) without making anything of it: a tenth of the time that
// `Y.decodeUpdate` needs. Knows what trees are made of: plain values, and what is left of deleted ones.
import * as decoding from 'lib0/decoding';

/** Kinds of structs, and the flags beside them, as Yjs numbers them. */
const KIND = { gone: 0, deleted: 1, any: 8, skip: 10 } as const;
const KIND_BITS = 0x1f;
const HAS = { origin: 0x80, rightOrigin: 0x40, key: 0x20 } as const;
/** Tags of plain values, as lib0 numbers them; those of one length each are in `LENGTHS`. */
const TAG = { integer: 125, string: 119, object: 118, array: 117, bytes: 116 } as const;
/** Bytes after the tag: undefined and null, floats of two lengths, a bigint, false and true. */
const LENGTHS: readonly (readonly [tag: number, bytes: number])[] = [
  [127, 0],
  [126, 0],
  [124, 4],
  [123, 8],
  [122, 8],
  [121, 0],
  [120, 0],
];
const lengthOf = new Map(LENGTHS);

/** An update that has what no tree has. */
export class OtherContent extends Error {
  override readonly name = 'OtherContent';
}

/** One struct; the next one is in the same object. */
export class Walked {
  client = 0;
  clock = 0;
  length = 0;
  /** It stands for something that is not there. */
  isSkip = false;
  /** Ids that it names: its origin, the one on its right, its parent. -1 for none. */
  readonly names = [-1, -1, -1, -1, -1, -1];
  /** Where its values are; -1 for none. */
  valuesAt = -1;

  reset(client: number, clock: number): void {
    this.client = client;
    this.clock = clock;
    this.isSkip = false;
    this.names.fill(-1);
    this.valuesAt = -1;
  }
}

export interface Visitor {
  /** False ends the walk. */
  struct(struct: Walked, bytes: Uint8Array): boolean;
  deletion(client: number, clock: number, length: number): boolean;
}

/**
 * @returns false if the visitor ended it
 * @throws {OtherContent} or whatever lib0 throws at bytes that break off
 */
export function walkUpdate(update: Uint8Array, visitor: Visitor): boolean {
  const decoder = decoding.createDecoder(update);
  const walked = new Walked();
  for (let clients = decoding.readVarUint(decoder); clients > 0; clients -= 1) {
    const structs = decoding.readVarUint(decoder);
    const client = decoding.readVarUint(decoder);
    let clock = decoding.readVarUint(decoder);
    for (let n = 0; n < structs; n += 1) {
      walked.reset(client, clock);
      readStruct(decoder, walked);
      if (!visitor.struct(walked, update)) return false;
      clock += walked.length;
    }
  }
  return walkDeletions(decoder, visitor);
}

function walkDeletions(decoder: decoding.Decoder, visitor: Visitor): boolean {
  for (let clients = decoding.readVarUint(decoder); clients > 0; clients -= 1) {
    const client = decoding.readVarUint(decoder);
    for (let spans = decoding.readVarUint(decoder); spans > 0; spans -= 1) {
      const clock = decoding.readVarUint(decoder);
      if (!visitor.deletion(client, clock, decoding.readVarUint(decoder))) return false;
    }
  }
  return true;
}

/** The values that are at a place of an update; none at -1. */
export function valuesAt(update: Uint8Array, at: number): unknown[] {
  if (at === -1) return [];
  const decoder = decoding.createDecoder(update.subarray(at));
  return Array.from({ length: decoding.readVarUint(decoder) }, () => decoding.readAny(decoder));
}

function readStruct(decoder: decoding.Decoder, walked: Walked): void {
  const info = decoding.readUint8(decoder);
  const kind = info & KIND_BITS;
  if (kind === KIND.gone || kind === KIND.skip) {
    walked.isSkip = kind === KIND.skip;
    walked.length = decoding.readVarUint(decoder);
    return;
  }
  readPlace(decoder, walked, info);
  if (kind === KIND.deleted) walked.length = decoding.readVarUint(decoder);
  else if (kind === KIND.any) {
    walked.valuesAt = decoder.pos;
    walked.length = skipValues(decoder);
  } else throw new OtherContent(`content of kind ${kind}`);
}

/** An item is where its neighbours are; only one without any says so itself. */
function readPlace(decoder: decoding.Decoder, walked: Walked, info: number): void {
  const [hasOrigin, hasRight] = [(info & HAS.origin) !== 0, (info & HAS.rightOrigin) !== 0];
  if (hasOrigin) readName(decoder, walked, 0);
  if (hasRight) readName(decoder, walked, 2);
  if (hasOrigin || hasRight) return;
  const isRoot = decoding.readVarUint(decoder) === 1;
  if (isRoot) skipBytes(decoder);
  else readName(decoder, walked, 4);
  if ((info & HAS.key) !== 0) skipBytes(decoder);
}

function readName(decoder: decoding.Decoder, { names }: Walked, at: number): void {
  names[at] = decoding.readVarUint(decoder);
  names[at + 1] = decoding.readVarUint(decoder);
}

/** @returns how many there are */
function skipValues(decoder: decoding.Decoder): number {
  const count = decoding.readVarUint(decoder);
  for (let n = 0; n < count; n += 1) skipValue(decoder);
  return count;
}

function skipValue(decoder: decoding.Decoder): void {
  const tag = decoding.readUint8(decoder);
  switch (tag) {
    case TAG.string:
    case TAG.bytes:
      return skipBytes(decoder);
    case TAG.object:
      return skipObject(decoder);
    case TAG.array:
      return void skipValues(decoder);
    case TAG.integer:
      while (decoding.readUint8(decoder) > 0x7f);
      return;
    default:
      skipFixed(decoder, tag);
  }
}

function skipFixed(decoder: decoding.Decoder, tag: number): void {
  const bytes = lengthOf.get(tag);
  if (bytes === undefined) throw new OtherContent(`a value of kind ${tag}`);
  decoder.pos += bytes;
}

function skipObject(decoder: decoding.Decoder): void {
  for (let keys = decoding.readVarUint(decoder); keys > 0; keys -= 1) {
    skipBytes(decoder);
    skipValue(decoder);
  }
}

/** Bytes, or the characters of a string, with their number before them. */
function skipBytes(decoder: decoding.Decoder): void {
  const length = decoding.readVarUint(decoder);
  decoder.pos += length;
}
