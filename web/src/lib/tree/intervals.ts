// Stretches of story time that are taken: lists of disjoint intervals, in order.

/** Samples at 48 kHz. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Adds to a list of disjoint intervals, in order; those that meet become one, so lists stay short. */
export function insert(intervals: Interval[], { from, to }: Interval): void {
  const first = firstAfter(intervals, from);
  let next = first;
  let merged: Interval = { from, to };
  for (; next < intervals.length; next += 1) {
    const other = intervals[next];
    if (other === undefined || other.from > to) break;
    merged = { from: Math.min(merged.from, other.from), to: Math.max(merged.to, other.to) };
  }
  intervals.splice(first, next - first, merged);
}

/** Index of the first interval that ends at or after a position. */
function firstAfter(intervals: readonly Interval[], position: number): number {
  let low = 0;
  let high = intervals.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((intervals[middle]?.to ?? Infinity) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** True if an interval, `apart` samples wider on both sides, meets one of those taken. */
export function meets(
  taken: readonly Interval[] | undefined,
  { from, to }: Interval,
  apart: number,
): boolean {
  if (taken === undefined) return false;
  const next = taken[firstAfter(taken, from - apart + 1)];
  return next !== undefined && next.from < to + apart;
}
