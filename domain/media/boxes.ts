// ISO base media boxes (ISO/IEC 14496-12, 4.2): the little that reading and building packs needs.

/** A box inside a byte array; positions are absolute in that array. */
export interface Box {
  readonly type: string;
  /** Position of the box's size field. */
  readonly start: number;
  /** Position of its payload. */
  readonly payload: number;
  /** Position after its last byte. */
  readonly end: number;
}

/** Thrown when bytes are not a sequence of whole boxes. */
export class BoxError extends Error {
  override readonly name = 'BoxError';
}

/** The boxes that follow each other in `bytes` from `from` up to `to`. Throws BoxError. */
export function readBoxes(bytes: Uint8Array, from = 0, to = bytes.length): Box[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const boxes: Box[] = [];
  for (let start = from; start < to;) {
    if (start + 8 > to) throw new BoxError(`a box breaks off at byte ${start}`);
    const short = view.getUint32(start);
    const long = short === 1;
    if (long && start + 16 > to) throw new BoxError(`a box breaks off at byte ${start}`);
    const size = long ? Number(view.getBigUint64(start + 8)) : short === 0 ? to - start : short;
    const head = long ? 16 : 8;
    const end = start + size;
    if (size < head || end > to) throw new BoxError(`a box at byte ${start} claims ${size} bytes`);
    boxes.push({ type: fourCc(bytes, start + 4), start, payload: start + head, end });
    start = end;
  }
  return boxes;
}

/** The first box at the end of a path of nested boxes (`['moov', 'mvex']`), or null. */
export function findBox(bytes: Uint8Array, path: readonly string[]): Box | null {
  let found: Box | null = null;
  for (const type of path) {
    const inside: Box[] =
      found === null ? readBoxes(bytes) : readBoxes(bytes, found.payload, found.end);
    const next: Box | undefined = inside.find((box) => box.type === type);
    if (next === undefined) return null;
    found = next;
  }
  return found;
}

/** Builds a box of a four-letter type. */
export function makeBox(type: string, ...payload: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const size = payload.reduce((sum, part) => sum + part.length, 8);
  const bytes = new Uint8Array(size);
  new DataView(bytes.buffer).setUint32(0, size);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  let at = 8;
  for (const part of payload) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function fourCc(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
