// A take of an earlier visit, read back from the device.
import type { TakeTiming } from '#domain/story/take.ts';
import type { RecoveredTake } from '../recorder/take-keeper.ts';
import type { KeptTake } from './kept-take.ts';
import type { TakeFile } from './take-file.ts';
import type { TakeShelf } from './take-shelf.ts';

/**
 * What is there of a take; null if nothing is.
 * @throws {UnreadableTake}
 */
export async function recoveredTake(
  shelf: TakeShelf,
  { origin, fileType, name, title, words, edit, frames, timing }: KeptTake,
): Promise<RecoveredTake | null> {
  const facts = { takeId: origin.takeId, origin, typed: { name, title, words }, edit };
  if (fileType !== null) {
    const file = await shelf.read(origin.takeId, 'chosen');
    if (file === null) return null;
    const whole = file.slice(0, file.size, fileType);
    return { ...facts, audio: { kind: 'file', file: whole }, damagedFrames: 0 };
  }
  const kept = await shelf.captured(origin.takeId, origin);
  if (kept === null || framesIn(kept) === 0) return null;
  const samples = Float32Array.from(kept.samples, (sample) => sample / 0x7f_ff);
  const { sampleRate: rate, leadFrames: fromFrames } = origin;
  // Of a take that nobody stopped, all that was captured is the take.
  const raw = { samples, rate, fromFrames, frames: frames ?? framesIn(kept) };
  const audio = { kind: 'recording', raw, timing: timing ?? timingOf(kept) } as const;
  return { ...facts, audio, damagedFrames: kept.damagedFrames };
}

/** Frames of the take that are there, what leads to it left out. */
export function framesIn({ samples, origin }: TakeFile): number {
  return Math.max(0, samples.length - origin.leadFrames);
}

/** What a take that nobody stopped says of itself. */
function timingOf({ lostFrames, origin }: TakeFile): TakeTiming | undefined {
  const skippedMs = Math.round((lostFrames * 1_000) / origin.sampleRate);
  const timing = {
    ...(origin.loose === true && { loose: true as const }),
    ...(skippedMs > 0 && { skippedMs }),
  };
  return Object.keys(timing).length === 0 ? undefined : timing;
}
