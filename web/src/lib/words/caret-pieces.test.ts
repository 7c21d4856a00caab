import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './caret-pieces.ts';

const user = { id: 'mira', name: 'Mira', hue: 2 };

describe('piecesOf', () => {
  it('shows every caret at its place and every character once', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.nat(20), { maxLength: 5 }), (text, heads) => {
        const carets = heads.map((head, clientId) => ({ clientId, user, anchor: head, head }));
        const pieces = piecesOf(text, carets);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        const placed = carets.map((caret) => {
          const at = pieces.findIndex((piece) => piece.caret === caret);
          return pieces.slice(0, at).reduce((sum, piece) => sum + piece.text.length, 0);
        });
        expect(placed).toEqual(heads.map((head) => Math.min(head, text.length)));
      }),
    );
  });
});
