// What is said of a take whose timing something is known against, to those who hear it.
import type { TakeTiming } from '#domain/story/take.ts';

/** "Loose sync, over Bluetooth or the like · The device skipped 12 ms"; null if nothing is known. */
export function describeTiming(timing: TakeTiming | undefined): string | null {
  if (timing === undefined) return null;
  const parts = [
    timing.loose === true ? 'Loose sync, over Bluetooth or the like' : null,
    timing.skippedMs === undefined ? null : `The device skipped ${timing.skippedMs} ms`,
    timing.driftMs === undefined
      ? null
      : `The device’s clock ran ${Math.abs(timing.driftMs)} ms ${timing.driftMs > 0 ? 'slow' : 'fast'}`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(' · ');
}
