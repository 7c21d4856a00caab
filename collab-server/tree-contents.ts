// What a tree has, without its document: whether it has everything that is in an update is found in
// time proportional to the update.
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { Span, TreeOutline } from '#backend/story/tree-outline.ts';

/** Deleted clocks of one client: where each span of them begins and ends, in order, none touching. */
interface Spans {
  readonly from: Float64Array;
  readonly to: Float64Array;
}

export class TreeContents {
  /** How much of each client's there is. */
  readonly #clocks: ReadonlyMap<number, number>;
  readonly #deleted: ReadonlyMap<number, Spans>;

  private constructor(
    clocks: ReadonlyMap<number, number>,
    deleted: ReadonlyMap<number, readonly Span[]>,
  ) {
    this.#clocks = clocks;
    this.#deleted = new Map([...deleted].map(([client, spans]) => [client, joined(spans)]));
  }

  static ofDocument(doc: Y.Doc): TreeContents {
    const { sv, ds } = Y.snapshot(doc);
    return new TreeContents(sv, ds.clients);
  }

  static ofOutline({ client, clock, deleted }: TreeOutline): TreeContents {
    return new TreeContents(new Map([[client, clock]]), new Map([[client, deleted]]));
  }

  /** The state vector. */
  vector(): Uint8Array {
    return Y.encodeStateVector(new Map(this.#clocks));
  }

  /** An update of everything that is deleted: all that whoever has the state vector may lack. */
  deletions(): Uint8Array {
    const encoder = encoding.createEncoder();
    // No structs.
    encoding.writeVarUint(encoder, 0);
    const clients = [...this.#deleted].filter(([, { from }]) => from.length > 0);
    encoding.writeVarUint(encoder, clients.length);
    for (const [client, { from, to }] of clients) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, from.length);
      for (const [n, clock] of from.entries()) {
        encoding.writeVarUint(encoder, clock);
        encoding.writeVarUint(encoder, (to[n] ?? clock) - clock);
      }
    }
    return encoding.toUint8Array(encoder);
  }

  /** False, too, for an update that does not decode. */
  contains(update: Uint8Array): boolean {
    try {
      const { structs, ds } = Y.decodeUpdate(update);
      const isWritten = structs.every(
        (struct) =>
          struct instanceof Y.Skip ||
          (this.#clocks.get(struct.id.client) ?? 0) >= struct.id.clock + struct.length,
      );
      return (
        isWritten && [...ds.clients].every(([client, spans]) => this.#hasDeleted(client, spans))
      );
    } catch {
      return false;
    }
  }

  #hasDeleted(client: number, spans: readonly Span[]): boolean {
    const deleted = this.#deleted.get(client);
    return spans.every(({ clock, len }) => len === 0 || isWithin(deleted, clock, clock + len));
  }
}

function joined(spans: readonly Span[]): Spans {
  const from: number[] = [];
  const to: number[] = [];
  for (const { clock, len } of spans.toSorted((a, b) => a.clock - b.clock)) {
    const end = to.at(-1);
    if (end !== undefined && clock <= end) to[to.length - 1] = Math.max(end, clock + len);
    else {
      from.push(clock);
      to.push(clock + len);
    }
  }
  return { from: Float64Array.from(from), to: Float64Array.from(to) };
}

/** True if one of the spans has all from `start` up to `end`. */
function isWithin(spans: Spans | undefined, start: number, end: number): boolean {
  if (spans === undefined) return false;
  let [low, high] = [0, spans.from.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((spans.from[middle] ?? Infinity) <= start) low = middle + 1;
    else high = middle;
  }
  return (spans.to[low - 1] ?? -Infinity) >= end;
}
