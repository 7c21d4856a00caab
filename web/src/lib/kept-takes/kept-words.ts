// What is said of a take that this device kept.
import { formatClock, SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { OfferedTake } from './offered-takes.svelte.ts';

/** "14:02", or "26 Nov, 14:02" on another day, by the clock of whoever looks. */
export function describeTime(atMs: number, nowMs: number): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' }).format(at);
  if (at.toDateString() === now.toDateString()) return time;
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' }).format(at);
  return `${day}, ${time}`;
}

/** "We kept your take from 14:02 (0:31)". */
export function describeKept({ take, durationSamples }: OfferedTake, nowMs: number): string {
  const when = describeTime(take.origin.capturedAtMs, nowMs);
  const length = durationSamples === null ? '' : ` (${lengthOf(durationSamples)})`;
  return `We kept your ${take.fileType === null ? 'take' : 'file'} from ${when}${length}`;
}

/** "0:31", and "0.4 s" where the clock would say nothing. */
function lengthOf(samples: number): string {
  return samples < SAMPLE_RATE ? `${(samples / SAMPLE_RATE).toFixed(1)} s` : formatClock(samples);
}
