// What is drawn beside the pills of a map: names, and the lines between lanes. Units are pixels.
import type { TakeId } from '#domain/story/ids.ts';
import { PILL_HEIGHT, type Edge, type LaneMap, type Pill } from './lanes.ts';

/** How far before a take the line to it leaves its parent. */
const CLEARANCE = 20;

/** A name beside its pill: above the upper row, below the lower one. */
export interface Label {
  readonly id: TakeId;
  readonly x: number;
  /** Baseline. */
  readonly y: number;
  readonly text: string;
}

/** Average width of a letter of the interface's type at 13 px. */
const LETTER = 6.9;

/** Names that fit; one that would run into another, or over a pill, is shortened or left out. */
export function labelsOf(map: LaneMap, textOf: (pill: Pill) => string): readonly Label[] {
  const labels: Label[] = [];
  const ends = new Map<string, number>();
  for (const pill of [...map.pills.values()].toSorted((a, b) => a.x - b.x)) {
    const row = `${pill.lane}:${pill.lowered}`;
    const x = pill.x + 10;
    if (x < (ends.get(row) ?? -Infinity)) continue;
    const room = Math.floor((Math.max(pill.width, 3 * PILL_HEIGHT) - 14) / LETTER);
    const full = textOf(pill);
    const text = full.length <= room ? full : `${full.slice(0, Math.max(1, room - 1)).trimEnd()}…`;
    labels.push({
      id: pill.take.id,
      x,
      y: pill.lowered ? pill.y + PILL_HEIGHT + 14 : pill.y - 7,
      text,
    });
    ends.set(row, x + text.length * LETTER + 8);
  }
  return labels;
}

/** The line from a parent to a child in another lane: it leaves from within the parent's tail. */
export function edgePath({ from, to }: Edge): string {
  const startX = Math.round(Math.max(from.x + 12, Math.min(to.x - CLEARANCE, from.x + from.width)));
  const down = to.y > from.y;
  const startY = Math.round(down ? from.y + PILL_HEIGHT : from.y);
  const endY = Math.round(to.y + PILL_HEIGHT / 2);
  const endX = Math.round(to.x);
  const bend = Math.max(10, Math.min(22, endX - startX));
  return `M${startX} ${startY}C${startX + bend * 0.55} ${startY} ${endX - bend} ${endY} ${endX} ${endY}`;
}
