// How loud a mix is: voices at -16 LUFS, and no peak above -1 dBTP whatever they are.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ffmpegArguments } from './ffmpeg/command.ts';
import { filter } from './ffmpeg/graph.ts';
import { runFfmpeg, type Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { readLoudness, type Loudness } from './loudness.ts';
import { limitFilters, soundFilters, sumFilter } from './mix-graph.ts';
import { makeStem, type Stem } from './stem.ts';
import { wavFile } from './testing/files.ts';
import { babble, randomFrom } from './testing/signals.ts';
import { testTools } from './testing/tools.ts';

const SAMPLES = 3 * 48_000;
const tone = (perSample: number, phase: number, level: number): Int16Array =>
  Int16Array.from({ length: SAMPLES }, (_, at) =>
    Math.round(level * 32_767 * Math.sin(2 * Math.PI * perSample * at + phase)),
  );
const random = randomFrom(5);
/** Sums of these peak between their samples, by up to six decibels. */
const signals: Record<string, Int16Array> = {
  'a voice': babble(1, SAMPLES),
  'another voice': babble(2, SAMPLES),
  'a tone at a quarter of the rate, sampled beside its peaks': tone(1 / 4, Math.PI / 4, 0.9),
  'a tone beside that': tone(11_990 / 48_000, 0.7, 0.9),
  'samples that jump': Int16Array.from({ length: SAMPLES }, () => (random() < 0.5 ? 1 : -1) * 2e4),
};
const pairs: readonly (readonly [string, string])[] = [
  ['a voice', 'another voice'],
  ['a tone at a quarter of the rate, sampled beside its peaks', 'a tone beside that'],
  ['samples that jump', 'a tone at a quarter of the rate, sampled beside its peaks'],
  ['samples that jump', 'a voice'],
];

/** Measured as a stem is: mono, heard from two speakers. */
const measuring = filter('ebur128', { dualmono: true, peak: 'true', framelog: 'verbose' });

/** Ingests both signals, sums them as a mix does, and measures the sum. */
async function mixed(
  tool: Tool,
  pair: readonly [string, string],
): Promise<{ readonly stems: readonly Stem[]; readonly sum: Loudness }> {
  const stems: Stem[] = [];
  const files: Buffer[] = [];
  for (const name of pair) {
    await withJobFolder(async (folder) => {
      await writeFile(join(folder, 'upload'), wavFile(signals[name] ?? new Int16Array()));
      const stem = await makeStem(tool, 'upload', { folder });
      stems.push(stem);
      files.push(await readFile(join(folder, stem.name)));
    });
  }
  return await withJobFolder(async (folder) => {
    for (const [index, file] of files.entries())
      await writeFile(join(folder, `${index}.flac`), file);
    const placed = stems.map(({ gainDb, durationSamples }, input) => ({
      from: [{ input }],
      filters: soundFilters({ gainDb, durationSamples, fadeIn: true, fadeOut: true }),
      to: [{ label: `clip${input}` }],
    }));
    const filters = [sumFilter(2), ...limitFilters(), measuring];
    const args = ffmpegArguments({
      inputs: stems.map((_, index) => ({ name: `${index}.flac`, format: 'flac' })),
      graph: [...placed, { from: placed.flatMap(({ to }) => to), filters, to: [{ label: 'sum' }] }],
      outputs: [{ name: 'sum.wav', from: { label: 'sum' }, options: ['-f', 'wav'] }],
    });
    return { stems, sum: readLoudness(await runFfmpeg(tool, args, { folder })) };
  });
}

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`a mix on ${name} ffmpeg (${why})`, () => {
    test.each(pairs)('of %s and %s peaks nowhere above -1 dBTP', async (one, other) => {
      if (tool === null) return;
      const { sum } = await mixed(tool, [one, other]);
      expect(sum.truePeakDb).toBeLessThanOrEqual(-0.9); // it is told to a tenth
    });

    test('of voices has each at -16 LUFS, however loud it was recorded', async () => {
      if (tool === null) return;
      for (const level of [400, 1_500]) {
        await withJobFolder(async (folder) => {
          await writeFile(join(folder, 'upload'), wavFile(babble(3, SAMPLES, level)));
          const { loudnessLufs, gainDb } = await makeStem(tool, 'upload', { folder });
          expect((loudnessLufs ?? 0) + gainDb).toBeCloseTo(-16, 0);
        });
      }
    });
  });
}
