// What is said of latency: what is used, what was found, what is doubtful, and what to do.
import type { Latency } from './latency.ts';
import type { Looseness } from './loose-sync.ts';
import { MOST_NUDGE_MS } from './nudge.ts';
import type { Unheard } from './round-trip.ts';

const day = (ms: number): string =>
  new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(ms);

/** "Timing: measured 143 ms on Nov 27, 2026", "Timing: guessed 60 ms". */
export function describeLatency({ source, roundTripMs, measuredAtMs }: Latency): string {
  const on = measuredAtMs === null ? '' : ` on ${day(measuredAtMs)}`;
  return `Timing: ${source} ${Math.round(roundTripMs)} ms${on}`;
}

/** Why it should be measured again; null is no reason. */
export function describeStaleness(why: 'old' | 'changed' | null): string | null {
  if (why === null) return null;
  return why === 'old'
    ? 'That is a while ago. Check it again.'
    : 'Your browser reports another delay today. Check it again.';
}

/** Why takes over these devices will be loose, before Record. */
export function describeLooseness(looseness: Looseness): string {
  const what = {
    bluetooth: 'Bluetooth is late, and never by the same time',
    telephone: 'This microphone sounds as a telephone does, and its delay changes',
    late: 'Sound takes very long through these devices',
  }[looseness.why];
  return `${what}. Your take will be marked “loose sync”. A cable keeps it in time.`;
}

/** Why no delay was found: what happened, what is safe, one thing to do. */
export function describeUnheard(why: Unheard): string {
  switch (why) {
    case 'silent':
      return 'We heard nothing at all. Nothing has changed. Is the right microphone chosen, and the volume up?';
    case 'too-loud':
      return 'It was too loud for the microphone. Nothing has changed. Turn the volume down a little, and try again.';
    case 'not-heard':
      return 'We did not hear the two sweeps clearly. Nothing has changed. Hold a headphone to the microphone, keep quiet, and try again.';
  }
}

/** "as recorded", "12 ms later", "1 ms earlier". */
export function describeNudge(ms: number): string {
  if (ms === 0) return 'as recorded';
  return `${Math.abs(ms)} ms ${ms > 0 ? 'later' : 'earlier'}`;
}

export const NUDGE_LIMIT = `At most ${MOST_NUDGE_MS} ms either way: that much is kept around a take. If it is further off, check the timing and record it again.`;
