// How late the devices in use are, as the page shows it and the capture uses it.
import type { CaptureInput } from '../recorder/capture-input.ts';
import { calibrate } from './calibrate.ts';
import {
  latencyOf,
  staleness,
  totalOf,
  type Latency,
  type MeasuredLatency,
  type ReportedLatency,
} from './latency.ts';
import { loosenessOf, type Looseness } from './loose-sync.ts';
import { measuredHere, type MeasuredPairs, type Pair } from './measured-pairs.ts';
import type { Unheard } from './round-trip.ts';

/** The devices, as far as latency goes. */
export interface Route {
  readonly input: CaptureInput;
  readonly pair: Pair;
  /** The microphone's own, samples a second; null if the browser does not say. */
  readonly deviceRate: number | null;
  readonly reported: ReportedLatency;
  /** Told when sound is played through another output. */
  onoutput: () => void;
}

export type Calibration =
  | { readonly phase: 'rest' }
  | { readonly phase: 'listening' }
  | { readonly phase: 'found'; readonly kept: boolean }
  | { readonly phase: 'refused'; readonly why: Unheard };

/** One for each open microphone. `close` it with the microphone. */
export class RouteLatency {
  /** The number that is used. */
  latency = $state.raw<Latency>(latencyOf({ inputMs: 0, outputMs: 0 }, null));
  looseness = $state.raw<Looseness | null>(null);
  /** Why it should be measured again. */
  stale = $state.raw<'old' | 'changed' | null>(null);
  calibration = $state.raw<Calibration>({ phase: 'rest' });
  readonly #route: Route;
  readonly #pairs: MeasuredPairs;
  readonly #now: () => number;
  #work: AbortController | null = null;

  constructor(
    route: Route,
    { pairs = measuredHere(), now = Date.now }: { pairs?: MeasuredPairs; now?: () => number } = {},
  ) {
    this.#route = route;
    this.#pairs = pairs;
    this.#now = now;
    route.onoutput = () => this.refresh();
    this.refresh();
  }

  /** Looks at the devices again: another output has another latency, or none that is known. */
  refresh(): void {
    this.#become(this.#pairs.get(this.#route.pair));
  }

  /** What a capture needs to know. */
  get toCapture(): { readonly latency: Latency; readonly loose: boolean } {
    return { latency: this.latency, loose: this.looseness !== null };
  }

  /** Plays the sweeps and keeps what was found; `stop` ends it. A second call does nothing. */
  async calibrate(): Promise<void> {
    if (this.#work !== null) return;
    const work = new AbortController();
    this.#work = work;
    this.calibration = { phase: 'listening' };
    try {
      const hearing = await calibrate(this.#route.input, work.signal);
      if (work.signal.aborted) return;
      this.calibration = hearing.heard
        ? { phase: 'found', kept: this.#keep(hearing.roundTripFrames) }
        : { phase: 'refused', why: hearing.why };
    } catch (error) {
      if (!work.signal.aborted) throw error;
    } finally {
      if (this.#work === work) this.#work = null;
    }
  }

  /** Ends a measurement; what is known stays. */
  stop(): void {
    this.#work?.abort();
    this.#work = null;
    this.calibration = { phase: 'rest' };
  }

  /** Forgets what was measured of these devices. */
  forget(): void {
    this.#pairs.forget(this.#route.pair);
    this.refresh();
  }

  close(): void {
    this.#work?.abort();
    this.#work = null;
  }

  /** Whether it will be there next time. */
  #keep(roundTripFrames: number): boolean {
    const { pair, reported, input } = this.#route;
    const measured: MeasuredLatency = {
      roundTripMs: (roundTripFrames * 1_000) / input.context.sampleRate,
      measuredAtMs: this.#now(),
      reportedMs: Math.max(0, totalOf(reported)),
    };
    this.#become(measured);
    return this.#pairs.put(pair, measured);
  }

  #become(measured: MeasuredLatency | null): void {
    const { reported, pair, deviceRate } = this.#route;
    this.latency = latencyOf(reported, measured);
    this.looseness = loosenessOf(pair, this.latency, deviceRate);
    this.stale = measured === null ? null : staleness(measured, reported, this.#now());
  }
}
