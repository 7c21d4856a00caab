// The part of a changed text that is worth reading: what changed, and a few words around it.
import type { Marks } from '#domain/story/words-marks.ts';

/** What is left of unchanged text beside a change, UTF-16 units. */
const AROUND = 60;

export interface Piece {
  readonly kind: Marks[number][0];
  readonly text: string;
}

/** Marks with long stretches of unchanged text shortened to "…"; with no change, the whole text. */
export function excerptOf(marks: Marks): Piece[] {
  const last = marks.length - 1;
  return marks.map(([kind, text], n) => {
    if (kind !== '=' || marks.length === 1) return { kind, text };
    const head = n === 0 ? '' : text.slice(0, AROUND);
    const tail = n === last ? '' : text.slice(-AROUND);
    if (head.length + tail.length >= text.length) return { kind, text };
    return { kind, text: `${toWord(head, 'end')}…${toWord(tail, 'start')}` };
  });
}

/** Cuts at a space, if there is one, so that no word and no character is cut in two. */
function toWord(text: string, side: 'start' | 'end'): string {
  const at = side === 'end' ? text.lastIndexOf(' ') : text.indexOf(' ');
  if (at === -1) return text.length < AROUND ? text : '';
  return side === 'end' ? text.slice(0, at + 1) : text.slice(at);
}
