// With which code a connection ends because of what its client did, or because of us.
import { CLOSE } from '#domain/protocol/room.ts';
import { MalformedFrame } from './frames.ts';
import { TooLarge } from './guard.ts';
import { NotThisPerson, NotYours, Stranded, TooMuch } from './refusals.ts';
import { Unfit } from './update-guard.ts';

/** After these, the same again is refused again. */
const FINAL: ReadonlySet<number> = new Set([
  CLOSE.malformed,
  CLOSE.notYours,
  CLOSE.tooLarge,
  CLOSE.unfit,
  CLOSE.stranded,
]);

export function closeCodeOf(error: unknown): number {
  if (error instanceof MalformedFrame) return CLOSE.malformed;
  if (error instanceof NotThisPerson) return CLOSE.unauthorized;
  if (error instanceof NotYours) return CLOSE.notYours;
  if (error instanceof Stranded) return CLOSE.stranded;
  if (error instanceof Unfit) return CLOSE.unfit;
  if (error instanceof TooMuch) return CLOSE.tooMuch;
  return error instanceof TooLarge ? CLOSE.tooLarge : CLOSE.internal;
}

/** True if sending the same again is of no use. */
export function isFinal(code: number): boolean {
  return FINAL.has(code);
}
