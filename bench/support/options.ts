// What a measurement is asked to do, on its command line.
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    results: { type: 'string' },
  },
});

/** Seconds instead of minutes: shows that a measurement works, measures nothing. */
export const isQuick: boolean = values.quick;
/** With what takes minutes more. */
export const isLarge: boolean = values.large;
/** Where the report goes instead of `bench/results/`; a quick run without it writes none. */
export const resultsFolder: string | undefined = values.results;

/** One of two settings: `full`, or `quick` in a quick run. */
export function setting<T>(full: T, quick: T): T {
  return isQuick ? quick : full;
}
