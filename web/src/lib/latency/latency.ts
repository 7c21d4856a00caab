// The one number by which a take is moved to its place: how late a microphone hears the speakers.

/** What a browser says of its own delays, milliseconds. */
export interface ReportedLatency {
  /** From sound at the microphone to its frame. */
  readonly inputMs: number;
  /** From a frame to its sound at the ear. */
  readonly outputMs: number;
}

/** What was measured, of one microphone and one output. */
export interface MeasuredLatency {
  readonly roundTripMs: number;
  /** Milliseconds since the epoch. */
  readonly measuredAtMs: number;
  /** What the browser reported of the whole trip then, milliseconds. */
  readonly reportedMs: number;
}

/** The latency that is used: there is no other one. */
export interface Latency {
  readonly source: 'measured' | 'guessed';
  /** From playing a frame to the frame in which it is heard again. */
  readonly roundTripMs: number;
  /** The part of it between the microphone and its frame. */
  readonly inputMs: number;
  readonly measuredAtMs: number | null;
}

/** The longest round trip that is believed, milliseconds. */
export const MOST_ROUND_TRIP_MS = 1_000;
/** A measurement older than this is offered to be checked, milliseconds. */
const OLD_MS = 30 * 24 * 60 * 60 * 1_000;
/** What a browser may report otherwise than when it was measured, milliseconds. */
const CHANGED_MS = 25;

/** What was measured where something was, else what the browser reports, as a first guess. */
export function latencyOf(reported: ReportedLatency, measured: MeasuredLatency | null): Latency {
  const guess = believable(totalOf(reported));
  const roundTripMs = measured === null ? guess : believable(measured.roundTripMs);
  return {
    source: measured === null ? 'guessed' : 'measured',
    roundTripMs,
    inputMs: Math.min(believable(reported.inputMs), roundTripMs),
    measuredAtMs: measured?.measuredAtMs ?? null,
  };
}

/** What the browser reports of the whole trip, milliseconds. */
export function totalOf({ inputMs, outputMs }: ReportedLatency): number {
  return inputMs + outputMs;
}

/**
 * How many frames after the one in which the punch point was played its take begins. Whoever sings
 * along hears late and is heard late. With nothing to sing to, only the latter.
 */
export function compensationFrames(latency: Latency, rate: number, alone: boolean): number {
  const ms = alone ? latency.inputMs : latency.roundTripMs;
  return Math.round((ms * rate) / 1_000);
}

/** Why a measurement should be made again, or null. */
export function staleness(
  measured: MeasuredLatency,
  reported: ReportedLatency,
  nowMs: number,
): 'old' | 'changed' | null {
  if (Math.abs(totalOf(reported) - measured.reportedMs) > CHANGED_MS) return 'changed';
  return nowMs - measured.measuredAtMs > OLD_MS ? 'old' : null;
}

function believable(ms: number): number {
  return Number.isFinite(ms) ? Math.max(0, Math.min(MOST_ROUND_TRIP_MS, ms)) : 0;
}
