// A text cut where carets stand in it, to be laid out with them in between.
import type { RemoteCaret } from './carets.ts';

export type Piece =
  | { readonly text: string; readonly caret: null }
  | { readonly text: ''; readonly caret: RemoteCaret };

/** Pieces in order; the texts together are `text`. A caret behind its end stands at its end. */
export function piecesOf(text: string, carets: readonly RemoteCaret[]): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (const caret of carets.toSorted((a, b) => a.head - b.head)) {
    const to = Math.min(caret.head, text.length);
    if (to > from) pieces.push({ text: text.slice(from, to), caret: null });
    pieces.push({ text: '', caret });
    from = Math.max(from, to);
  }
  if (from < text.length) pieces.push({ text: text.slice(from), caret: null });
  return pieces;
}
