// How loud a stem is, and the one gain that it has in every mix.

/** What ffmpeg's `ebur128` measured over a whole stem. */
export interface Loudness {
  /** Integrated loudness, LUFS; null for silence. */
  readonly lufs: number | null;
  /** dBTP; null for digital silence. */
  readonly truePeakDb: number | null;
}

/** Voices are brought to this loudness, LUFS (EBU R 128 for speech on the web). */
const TARGET_LUFS = -16;
/** And no further than this peak, dBTP. */
const CEILING_DB = -1;
/** A stem that needs more than this is noise or a fault; amplifying it helps nobody. */
const MOST_GAIN_DB = 30;
/** Where `ebur128` stops measuring: it says this of silence. */
const SILENCE_LUFS = -70;

/** Reads the last summary of `ebur128` among ffmpeg's lines. @throws {Error} there is none */
export function readLoudness(lines: readonly string[]): Loudness {
  const from = lines.findLastIndex((line) => line.includes('Integrated loudness:'));
  const summary = lines.slice(from);
  const lufs = numberAfter(summary, 'I:');
  const truePeak = numberAfter(summary, 'Peak:');
  if (from < 0 || lufs === undefined || truePeak === undefined) {
    throw new Error('readLoudness: ffmpeg gave no loudness summary');
  }
  return {
    lufs: lufs > SILENCE_LUFS ? lufs : null,
    truePeakDb: Number.isFinite(truePeak) ? truePeak : null,
  };
}

function numberAfter(lines: readonly string[], label: string): number | undefined {
  const line = lines.find((it) => it.trim().startsWith(label));
  const word = line?.trim().slice(label.length).trim().split(' ')[0];
  if (word === undefined) return undefined;
  return word === '-inf' ? Number.NEGATIVE_INFINITY : Number(word);
}

/** The static gain of a stem, dB, to a tenth: silence is left alone. */
export function gainFor({ lufs, truePeakDb }: Loudness): number {
  if (lufs === null || truePeakDb === null) return 0;
  const gain = Math.min(TARGET_LUFS - lufs, CEILING_DB - truePeakDb, MOST_GAIN_DB);
  return Math.round(gain * 10) / 10;
}
