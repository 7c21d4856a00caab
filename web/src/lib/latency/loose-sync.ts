// Whether a take recorded over these devices can lie in time at all: Bluetooth's delay wanders.
import type { Latency } from './latency.ts';
import type { Pair } from './measured-pairs.ts';

/** What makes a take's place doubtful. */
export type Looseness =
  | { readonly why: 'bluetooth'; readonly device: string }
  /** A microphone at the rate of a telephone: a headset in its hands-free mode. */
  | { readonly why: 'telephone' }
  /** So late that something on the way must be storing sound. */
  | { readonly why: 'late'; readonly ms: number };

/** Names of wireless devices, as Chromium, Firefox, macOS, Windows and Android give them. */
const wireless = [
  /bluetooth|blue ?z\b|\bbluez\b/iu,
  /hands[- ]?free|\bhfp\b|\bhsp\b|\ba2dp\b|\bag audio\b/iu,
  /air ?pods|\bbeats\b|power ?beats|\bear ?buds?\b|\bbuds\d*\b/iu,
  /\bwireless\b|\btws\b|\bjabra\b|\bquiet ?comfort\b|\bqc ?\d\d\b/iu,
  /\b(wh|wf)-?[a-z]?\d{2,}/iu,
];

const telephoneRates: ReadonlySet<number> = new Set([8_000, 16_000]);
/** An output with a cable is reported at less than this, and no cable takes this round trip. */
const LATE_OUTPUT_MS = 170;
const LATE_ROUND_TRIP_MS = 350;

/** Whether a device's name is that of a wireless one. */
export function isWireless(name: string): boolean {
  return wireless.some((pattern) => pattern.test(name));
}

/**
 * Why takes over these devices would be loose, or null. A measurement changes nothing about
 * Bluetooth: what it found is true when it was made, and seconds later no more.
 * @param inputRate the microphone's own rate; null if the browser does not say
 */
export function loosenessOf(
  { input, output }: Pair,
  latency: Latency,
  inputRate: number | null,
): Looseness | null {
  const device = [output, input].find(isWireless);
  if (device !== undefined) return { why: 'bluetooth', device };
  if (inputRate !== null && telephoneRates.has(inputRate)) return { why: 'telephone' };
  const outputMs = latency.roundTripMs - latency.inputMs;
  const isLate =
    latency.source === 'measured'
      ? latency.roundTripMs > LATE_ROUND_TRIP_MS
      : outputMs > LATE_OUTPUT_MS;
  return isLate ? { why: 'late', ms: Math.round(latency.roundTripMs) } : null;
}
