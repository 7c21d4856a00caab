// What was measured on this device, kept per microphone and output.
import * as v from 'valibot';
import { MOST_ROUND_TRIP_MS, type MeasuredLatency } from './latency.ts';

/** A microphone and an output, by the names that the browser gives them; empty if it gives none. */
export interface Pair {
  readonly input: string;
  readonly output: string;
}

const ms = v.pipe(v.number(), v.finite(), v.minValue(0));
const rowSchema = v.object({
  input: v.string(),
  output: v.string(),
  roundTripMs: v.pipe(ms, v.maxValue(MOST_ROUND_TRIP_MS)),
  measuredAtMs: ms,
  reportedMs: ms,
});
type Row = v.InferOutput<typeof rowSchema>;

const KEY = 'tap-story-latency';
/** Pairs that are kept: those measured last. */
const MOST_PAIRS = 20;

export class MeasuredPairs {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | null;

  /** @param storage null where the browser keeps nothing */
  constructor(storage: Pick<Storage, 'getItem' | 'setItem'> | null) {
    this.#storage = storage;
  }

  /** What was measured of a pair, or null. A row that does not parse was not measured. */
  get(pair: Pair): MeasuredLatency | null {
    return this.#rows().find((row) => isOf(row, pair)) ?? null;
  }

  /** Keeps a measurement in place of the pair's last one; false if the browser keeps nothing. */
  put(pair: Pair, measured: MeasuredLatency): boolean {
    const others = this.#rows().filter((row) => !isOf(row, pair));
    return this.#write([{ ...pair, ...measured }, ...others].slice(0, MOST_PAIRS));
  }

  /** Forgets what was measured of a pair. */
  forget(pair: Pair): boolean {
    return this.#write(this.#rows().filter((row) => !isOf(row, pair)));
  }

  #rows(): Row[] {
    const rows = v.safeParse(v.array(v.unknown()), this.#read());
    if (!rows.success) return [];
    return rows.output.flatMap((row) => {
      const parsed = v.safeParse(rowSchema, row);
      return parsed.success ? [parsed.output] : [];
    });
  }

  #read(): unknown {
    try {
      return JSON.parse(this.#storage?.getItem(KEY) ?? '[]');
    } catch {
      // Not JSON, or not readable: as good as nothing, and four seconds make it good.
      return [];
    }
  }

  #write(rows: readonly Row[]): boolean {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(rows));
      return this.#storage !== null;
    } catch {
      return false;
    }
  }
}

/** Those of this browser. */
export function measuredHere(): MeasuredPairs {
  try {
    return new MeasuredPairs(globalThis.localStorage);
  } catch {
    // Some private windows throw at the mere name.
    return new MeasuredPairs(null);
  }
}

function isOf(row: Pair, pair: Pair): boolean {
  return row.input === pair.input && row.output === pair.output;
}
