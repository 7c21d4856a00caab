// Indices through changes: where a place in an old text is once others have edited it.

/** One remote change of a Y.Text, as its event tells it. */
export type Delta = readonly {
  readonly insert?: unknown;
  readonly retain?: number | undefined;
  readonly delete?: number | undefined;
}[];

/** A change at one place: `remove` units from `index` on give way to `insert`. UTF-16 units. */
export interface Splice {
  readonly index: number;
  readonly remove: number;
  readonly insert: string;
}

export function applySplice(text: string, { index, remove, insert }: Splice): string {
  return text.slice(0, index) + insert + text.slice(index + remove);
}

/** Cuts what a splice inserts so that the text it makes stays within `maxLength`, or shrinks. */
export function boundSplice(splice: Splice, length: number, maxLength: number): Splice {
  const room = Math.max(0, maxLength - (length - splice.remove));
  if (splice.insert.length <= room) return splice;
  const insert = splice.insert.slice(0, room);
  // Half of a surrogate pair would reach the others as a replacement character.
  const whole = /[\uD800-\uDBFF]$/u.test(insert) ? insert.slice(0, -1) : insert;
  return { ...splice, insert: whole };
}

/** Where an index lies after a change; text inserted exactly there goes behind it. */
export function moveIndex(index: number, delta: Delta): number {
  let before = 0;
  let after = 0;
  for (const { insert, retain = 0, delete: deleted = 0 } of delta) {
    if (insert !== undefined) {
      if (index === before) return after;
      after += lengthOf(insert);
    } else if (retain > 0) {
      if (index < before + retain) return after + (index - before);
      before += retain;
      after += retain;
    } else if (deleted > 0) {
      if (index < before + deleted) return after;
      before += deleted;
    }
  }
  return after + (index - before);
}

/**
 * What is left, after a change, of the units from `start` to `end`: ranges that hold the same
 * units as before and nothing that somebody inserted between them.
 */
export function survivors(
  start: number,
  end: number,
  delta: Delta,
): { readonly start: number; readonly end: number }[] {
  const ranges: { start: number; end: number }[] = [];
  let before = 0;
  let after = 0;
  const keep = (length: number) => {
    const from = Math.max(start, before);
    const to = Math.min(end, before + length);
    if (from < to) ranges.push({ start: after + from - before, end: after + to - before });
    before += length;
    after += length;
  };
  for (const { insert, retain = 0, delete: deleted = 0 } of delta) {
    if (insert !== undefined) after += lengthOf(insert);
    else if (retain > 0) keep(retain);
    else before += deleted;
  }
  if (before < end) keep(end - before);
  return ranges;
}

/** Where a change goes: what it inserts at `index`, and the ranges that it removes. */
export interface Place {
  readonly index: number;
  readonly removals: readonly { readonly start: number; readonly end: number }[];
}

/** Where a change of the text as it was goes in the text as it is after `waiting`. */
export function placeSplice(
  { index, remove }: Pick<Splice, 'index' | 'remove'>,
  waiting: readonly Delta[],
): Place {
  return {
    index: waiting.reduce(moveIndex, index),
    removals: waiting.reduce(
      (ranges, delta) => ranges.flatMap(({ start, end }) => survivors(start, end, delta)),
      remove === 0 ? [] : [{ start: index, end: index + remove }],
    ),
  };
}

/** Anything embedded that is not text counts as one unit, as in Yjs. */
function lengthOf(insert: unknown): number {
  return typeof insert === 'string' ? insert.length : 1;
}
