// Cross-correlation of real signals by the discrete Fourier transform.

/**
 * Sum over i of needle[i]·haystack[i + lag], at index lag modulo size.
 * @param size a power of two that holds both; where it holds the haystack alone, the sums are right
 *   at the lags at which all of the needle lies in the haystack
 */
export function correlate(
  needle: Float32Array,
  haystack: Float32Array,
  size: number,
): Float64Array<ArrayBuffer> {
  // One transform carries both real signals: the needle as its real part, the haystack as its
  // imaginary part; their spectra are told apart by symmetry.
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  real.set(needle);
  imaginary.set(haystack);
  transform(real, imaginary);
  const productReal = new Float64Array(size);
  const productImaginary = new Float64Array(size);
  for (let k = 0; k < size; k += 1) {
    const mirror = (size - k) % size;
    const a = real[k] ?? 0;
    const b = imaginary[k] ?? 0;
    const c = real[mirror] ?? 0;
    const d = imaginary[mirror] ?? 0;
    const needleReal = (a + c) / 2;
    const needleImaginary = (b - d) / 2;
    const hayReal = (b + d) / 2;
    const hayImaginary = (c - a) / 2;
    productReal[k] = needleReal * hayReal + needleImaginary * hayImaginary;
    // Conjugated, so that a second forward transform is the inverse one but for its scale.
    productImaginary[k] = needleImaginary * hayReal - needleReal * hayImaginary;
  }
  transform(productReal, productImaginary);
  return productReal.map((value) => value / size);
}

/** The discrete Fourier transform in place, radix 2; the length must be a power of two. */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const { length } = real;
  const turns = turnsOf(length);
  reorder(real, imaginary);
  for (let half = 1; half < length; half *= 2) {
    for (let from = 0; from < length; from += 2 * half) {
      turnPairs(real, imaginary, { from, half, turns });
    }
  }
}

/** The butterflies of one group: `half` pairs, each `half` apart. */
function turnPairs(
  real: Float64Array,
  imaginary: Float64Array,
  { from, half, turns }: { readonly from: number; readonly half: number; readonly turns: Turns },
): void {
  const { cosines, sines } = turns;
  const step = cosines.length / half;
  for (let k = 0; k < half; k += 1) {
    const low = from + k;
    const high = low + half;
    const cosine = cosines[k * step] ?? 0;
    const sine = sines[k * step] ?? 0;
    const highReal = real[high] ?? 0;
    const highImaginary = imaginary[high] ?? 0;
    const turnedReal = highReal * cosine - highImaginary * sine;
    const turnedImaginary = highReal * sine + highImaginary * cosine;
    const lowReal = real[low] ?? 0;
    const lowImaginary = imaginary[low] ?? 0;
    real[low] = lowReal + turnedReal;
    imaginary[low] = lowImaginary + turnedImaginary;
    real[high] = lowReal - turnedReal;
    imaginary[high] = lowImaginary - turnedImaginary;
  }
}

/** Half a turn in `length / 2` steps, backwards. */
interface Turns {
  readonly cosines: Float64Array;
  readonly sines: Float64Array;
}

/** The last one: all transforms of a search have one length. */
let lastTurns: Turns = { cosines: new Float64Array(0), sines: new Float64Array(0) };

function turnsOf(length: number): Turns {
  if (lastTurns.cosines.length === length / 2) return lastTurns;
  const angles = Float64Array.from({ length: length / 2 }, (_, k) => (-2 * Math.PI * k) / length);
  lastTurns = { cosines: angles.map(Math.cos), sines: angles.map(Math.sin) };
  return lastTurns;
}

/** Swaps each element with the one whose index has the same bits in the other order. */
function reorder(real: Float64Array, imaginary: Float64Array): void {
  for (let i = 1, j = 0; i < real.length; i += 1) {
    let bit = real.length / 2;
    for (; (j & bit) !== 0; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) {
      swap(real, i, j);
      swap(imaginary, i, j);
    }
  }
}

function swap(values: Float64Array, i: number, j: number): void {
  const value = values[i] ?? 0;
  values[i] = values[j] ?? 0;
  values[j] = value;
}
