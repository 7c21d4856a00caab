// A path as one recording: is each stem where it belongs, in every format, as players decode it?
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DiskLinks } from '#backend/storage/disk-links.ts';
import { DiskStore } from '#backend/storage/disk.ts';
import type { MixFormat, MixSpec } from '#domain/media/export-spec.ts';
import { planLanes } from '#domain/timeline/lanes-plan.ts';
import { mixPath, type MixOptions } from './export-mix.ts';
import type { InputFormat } from './ffmpeg/command.ts';
import { OutputRejected } from './ffmpeg/failures.ts';
import type { Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { chainOf, mixOf, type SoundingTake } from './testing/chain.ts';
import { decodeFile, writeFlacs } from './testing/files.ts';
import { lagOf, snrDb, withoutTop } from './testing/signals.ts';
import { anyTool, testTools } from './testing/tools.ts';

const never = new AbortController().signal;
interface Format {
  readonly format: MixFormat;
  readonly as: InputFormat;
  readonly withinSamples: number;
  /** By how much a plain decode may be longer: ffmpeg 5.1 ends no file within a frame of AAC. */
  readonly overSamples: number;
}
const formats: readonly Format[] = [
  { format: 'flac', as: 'flac', withinSamples: 1, overSamples: 0 },
  { format: 'm4a', as: 'mov', withinSamples: 4.8, overSamples: 1_023 }, // 0.1 ms
  { format: 'mp3', as: 'mp3', withinSamples: 4.8, overSamples: 0 },
];

let root: string;
let objects: DiskStore;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tap-story-export-'));
  const links = new DiskLinks({ origin: 'http://127.0.0.1:3000', secret: 's'.repeat(32) });
  objects = new DiskStore(root, links);
});
afterAll(() => rm(root, { recursive: true }));

/** Stores the stems of a chain, and gives the spec of its mix. */
async function storeChain(tool: Tool, chain: SoundingTake[]): Promise<Omit<MixSpec, 'format'>> {
  const spoken = chain.flatMap(({ name, pcm }) => (pcm === null ? [] : [[name, pcm] as const]));
  const stems = new Map<string, { sha256: string; objectKey: string }>();
  await withJobFolder(async (folder) => {
    await writeFlacs(tool, folder, new Map(spoken));
    for (const [name] of spoken) {
      const file = await readFile(join(folder, `${name}.flac`));
      const sha256 = createHash('sha256').update(file).digest('hex');
      const objectKey = `stems/${randomUUID()}.flac`;
      await objects.put(objectKey, file, { contentType: 'audio/flac' });
      stems.set(name, { sha256, objectKey });
    }
  });
  const takes = chain.map((take) => {
    const stored = stems.get(take.name);
    const gainDb = take.stem?.gainDb ?? 0;
    return { ...take, stem: stored === undefined ? null : { sha256: stored.sha256, gainDb } };
  });
  return {
    plan: planLanes(takes),
    stems: [...stems.values()],
    tags: { title: 'Über den Fluss', artist: 'Mira, José', comment: 'https://tap.example/s/f' },
  };
}

/** The samples of a mix, and its bytes. */
async function mix(
  tool: Tool,
  spec: MixSpec,
  { as, most }: { as: InputFormat; most?: MixOptions['most'] },
) {
  return withJobFolder(async (folder) => {
    const options = { folder, signal: never, ...(most !== undefined && { most }) };
    const name = await mixPath({ objects, tool }, spec, options);
    const bytes = await readFile(join(folder, name));
    return { bytes, sound: await decodeFile(tool, folder, { name, format: as }) };
  });
}

/** How far each stem lies from its place, samples. */
function lagsOf(chain: readonly SoundingTake[], sound: Int16Array): number[] {
  return chain.flatMap(({ pcm, startSamples, durationSamples }) => {
    if (pcm === null) return [];
    const from = Math.floor(durationSamples / 2);
    return [lagOf(pcm.subarray(from, from + 4_096), sound, startSamples + from)];
  });
}

/** What should sound: as `mixOf`, with each stem's edges faded over 240 samples. */
function fadedMixOf(chain: readonly SoundingTake[]): Float64Array {
  const faded = chain.map((take) => {
    const { pcm, durationSamples: end } = take;
    if (pcm === null) return take;
    const edge = (at: number): number => Math.min(1, at / 240, (end - at) / 240);
    return { ...take, pcm: pcm.map((sample, at) => Math.round(sample * edge(at))) };
  });
  return mixOf(faded);
}

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`a path on ${name} ffmpeg (${why})`, () => {
    const chain = chainOf(name === 'native' ? 20 : 6, 4);
    let path: Omit<MixSpec, 'format'>;
    beforeAll(async () => {
      if (tool !== null) path = await storeChain(tool, chain);
    });

    test.for(formats)(
      'as $format plays each stem at its place, and is as long as the path',
      async ({ format, as, withinSamples, overSamples }) => {
        if (tool === null) return;
        const { sound, bytes } = await mix(tool, { ...path, format }, { as });
        const wanted = fadedMixOf(chain);
        expect(sound.length - wanted.length).toBeGreaterThanOrEqual(0);
        expect(sound.length - wanted.length).toBeLessThanOrEqual(overSamples);
        const worst = Math.max(...lagsOf(chain, sound).map(Math.abs));
        expect(worst).toBeLessThanOrEqual(withinSamples);
        const { title } = path.tags;
        expect(bytes.includes(format === 'mp3' ? Buffer.from(title, 'utf16le') : title)).toBe(true);
        if (format !== 'flac') return;
        const heard = { from: 0, to: wanted.length };
        expect(snrDb(withoutTop(wanted), withoutTop(sound), heard)).toBeGreaterThan(60);
      },
    );

    test('is the same, but for rounding, when its lanes are laid in parts', async () => {
      if (tool === null) return;
      const spec = { ...path, format: 'flac' } as const;
      const most = { pieces: Math.ceil(path.stems.length / 4), samples: 20 * 48_000 };
      const whole = await mix(tool, spec, { as: 'flac' });
      const parts = await mix(tool, spec, { as: 'flac', most });
      expect(parts.sound).toHaveLength(whole.sound.length);
      const worst = whole.sound.reduce(
        (worstYet, sample, at) => Math.max(worstYet, Math.abs(sample - (parts.sound[at] ?? 0))),
        0,
      );
      expect(worst).toBeLessThanOrEqual(1);
    });
  });
}

test('a stem that is not what it was is refused', async () => {
  const tool = await anyTool();
  const path = await storeChain(tool, chainOf(2, -1));
  const [first, second] = path.stems;
  if (first === undefined || second === undefined) throw new Error('no stems');
  const stems = [{ ...first, objectKey: second.objectKey }, second];
  const swapped = { ...path, stems, format: 'flac' } as const;
  await expect(mix(tool, swapped, { as: 'flac' })).rejects.toThrow(OutputRejected);
});
