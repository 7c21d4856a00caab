// The HTTP Range header (RFC 9110, 14.2) for one object of known size.
import type { ByteRange } from './objects.ts';

export type RangeAnswer =
  /** No range that we honour: answer 200 with everything. */
  | { readonly kind: 'whole' }
  /** Answer 206 with these bytes. */
  | { readonly kind: 'part'; readonly range: ByteRange }
  /** Answer 416. */
  | { readonly kind: 'unsatisfiable' };

/**
 * What to answer to a Range header: `bytes=a-b`, `bytes=a-` and `bytes=-n` are honoured. Several
 * ranges, other units and malformed headers are ignored, as the RFC allows.
 */
export function answerRange(header: string | null, bytes: number): RangeAnswer {
  const match = /^bytes=(\d*)-(\d*)$/u.exec(header?.trim() ?? '');
  if (match === null) return { kind: 'whole' };
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? { kind: 'whole' } : suffix(Number(last), bytes);
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return { kind: 'whole' };
  return start >= bytes ? { kind: 'unsatisfiable' } : { kind: 'part', range: { start, end } };
}

function suffix(length: number, bytes: number): RangeAnswer {
  if (length === 0 || bytes === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', range: { start: Math.max(0, bytes - length), end: bytes - 1 } };
}
