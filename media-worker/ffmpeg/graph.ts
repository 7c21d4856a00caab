// A filter graph as data. Options are numbers or words of our own sources; text that people wrote
// has no way in.

/** A named pad between two chains, or a stream of an input file. */
export type Pad = { readonly label: string } | { readonly input: number };

/** A bare word, or a number, optionally with a unit that ffmpeg knows. */
export type FilterValue = number | boolean | string;

export interface Filter {
  readonly name: string;
  readonly options: Readonly<Record<string, FilterValue>>;
}

/** Filters in a row, from pads to pads. */
export interface Chain {
  readonly from: readonly Pad[];
  readonly filters: readonly Filter[];
  readonly to: readonly Pad[];
}

const word = /^[A-Za-z0-9_.+-]+$/u;

/** One filter. @throws {RangeError} on a name or value that is not a bare word or finite number */
export function filter(name: string, options: Readonly<Record<string, FilterValue>> = {}): Filter {
  if (!word.test(name)) throw new RangeError(`filter: ${name} is no filter name`);
  for (const [key, value] of Object.entries(options)) {
    const sound = typeof value === 'number' ? Number.isFinite(value) : word.test(String(value));
    if (!sound || !word.test(key)) throw new RangeError(`filter ${name}: ${key}=${value}`);
  }
  return { name, options };
}

/** The graph as ffmpeg reads it, one string per chain. */
export function graphText(chains: readonly Chain[]): string[] {
  return chains.map(
    ({ from, filters, to }) =>
      `${from.map(padText).join('')}${filters.map(filterText).join(',')}${to.map(padText).join('')}`,
  );
}

function filterText({ name, options }: Filter): string {
  const pairs = Object.entries(options).map(([key, value]) => `${key}=${numberText(value)}`);
  return pairs.length === 0 ? name : `${name}=${pairs.join(':')}`;
}

function numberText(value: FilterValue): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  // Never in exponents: ffmpeg would not read them everywhere.
  return typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(6) : String(value);
}

/** The text of a pad; `[0:a:0]` is the first audio stream of an input. */
export function padText(pad: Pad): string {
  if ('input' in pad) return `[${pad.input}:a:0]`;
  if (!word.test(pad.label)) throw new RangeError(`pad: ${pad.label} is no label`);
  return `[${pad.label}]`;
}
