// A whole path, rendered take by take and played from its packs: is each stem where it belongs,
// and can the splices be told from the rest?
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pathFile } from '#domain/media/path-file.ts';
import { takeId } from '#domain/story/ids.ts';
import { endOf, startFor } from '#domain/timeline/duet.ts';
import { segmentStart } from '#domain/timeline/grid.ts';
import { planRegion, type MixSource } from '#domain/timeline/mix-plan.ts';
import { stretchesOf, type Codec, type RenderedTake } from '#domain/timeline/path-packs.ts';
import type { Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { LEAD_SEGMENTS, renderRegion } from './region.ts';
import { decodeFile, writeFlacs } from './testing/files.ts';
import { babble, lagOf, randomFrom, snrDb } from './testing/signals.ts';
import { testTools } from './testing/tools.ts';

interface SoundingTake extends MixSource {
  readonly name: string;
  readonly pcm: Int16Array | null;
}

/** Takes by the timeline rule, of odd lengths; the one at `written` is text. */
function chainOf(count: number, written: number): SoundingTake[] {
  const random = randomFrom(count);
  const chain: SoundingTake[] = [];
  for (let index = 0; index < count; index++) {
    const kind = index === written ? 'text' : 'voice';
    const parent = chain.at(-1) ?? null;
    const startSamples = startFor(kind, { parent, grandparent: chain.at(-2) ?? null });
    const overlap = parent === null ? 0 : endOf(parent) - startSamples;
    const durationSamples = overlap + 40_001 + 2 * Math.floor(random() * 70_000);
    const pcm = kind === 'text' ? null : babble(index + 1, durationSamples, 4_000);
    chain.push({
      id: takeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`),
      name: `take${index}`,
      startSamples,
      durationSamples,
      pcm,
      stem: pcm === null ? null : { sha256: `take${index}`, gainDb: index % 2 === 0 ? 0 : -3 },
    });
  }
  return chain;
}

const stemFile = ({ stemSha256 }: { stemSha256: string }): string => `${stemSha256}.flac`;

const CODECS: readonly Codec[] = ['aac', 'opus'];

interface RenderedPath {
  readonly packs: Record<Codec, Uint8Array[]>;
  readonly takes: Record<Codec, RenderedTake[]>;
}

/** Renders every take of a chain from stems in `folder`, each job in a folder of its own. */
async function renderChain(
  tool: Tool,
  folder: string,
  chain: SoundingTake[],
): Promise<RenderedPath> {
  const path: RenderedPath = { packs: { aac: [], opus: [] }, takes: { aac: [], opus: [] } };
  for (const [index, take] of chain.entries()) {
    const plan = planRegion(chain.slice(0, index + 1), LEAD_SEGMENTS);
    const rendered = await withJobFolder(async (job) => {
      for (const { stemSha256 } of plan.clips) {
        await copyFile(join(folder, `${stemSha256}.flac`), join(job, `${stemSha256}.flac`));
      }
      return await renderRegion(tool, { plan, fileOf: stemFile }, { folder: job });
    });
    for (const codec of CODECS) {
      const { bytes, initBytes, segments } = rendered[codec];
      path.packs[codec].push(bytes);
      path.takes[codec].push({
        takeId: take.id,
        startSamples: take.startSamples,
        firstSegment: plan.firstSegment + LEAD_SEGMENTS,
        pack: { objectKey: take.name, sha256: '', bytes: bytes.length, initBytes, segments },
      });
    }
  }
  return path;
}

/** The path as one file: the shared init, an index, and the stretches of each pack. */
function assemble({ packs, takes }: RenderedPath, codec: Codec): Buffer {
  const init = packs[codec][0]?.subarray(0, takes[codec][0]?.pack.initBytes) ?? new Uint8Array();
  const file = pathFile(init, stretchesOf(takes[codec]));
  const parts = file.stretches.map(({ objectKey, offset, bytes }) => {
    const pack = packs[codec][Number(objectKey.replace('take', ''))];
    return pack?.subarray(offset, offset + bytes) ?? new Uint8Array();
  });
  return Buffer.concat([file.header, ...parts]);
}

/** What should sound: the stems at their places, by arithmetic. */
function mixOf(chain: readonly SoundingTake[]): Float64Array {
  const mix = new Float64Array(Math.max(...chain.map(endOf)));
  for (const { pcm, startSamples, stem } of chain) {
    const gain = 10 ** ((stem?.gainDb ?? 0) / 20);
    pcm?.forEach((sample, at) => {
      mix[startSamples + at] = (mix[startSamples + at] ?? 0) + sample * gain;
    });
  }
  return mix;
}

/** The whole path as if it were one take: what encoding it in one piece sounds like. */
async function renderWhole(
  tool: Tool,
  folder: string,
  mix: Float64Array,
  codec: Codec,
): Promise<Int16Array> {
  await writeFlacs(tool, folder, new Map([['whole', Int16Array.from(mix, Math.round)]]));
  const take: MixSource = {
    id: takeId('00000000-0000-4000-8000-999999999999'),
    startSamples: 0,
    durationSamples: mix.length,
    stem: { sha256: 'whole', gainDb: 0 },
  };
  const plan = planRegion([take], LEAD_SEGMENTS);
  const packs = await renderRegion(tool, { plan, fileOf: () => 'whole.flac' }, { folder });
  await writeFile(join(folder, 'whole.mp4'), packs[codec].bytes);
  return await decodeFile(tool, folder, { name: 'whole.mp4', format: 'mov' });
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

for (const { name, tool, why } of await testTools()) {
  describe.skipIf(tool === null)(`a path on ${name} ffmpeg (${why})`, () => {
    test('plays each stem at its place, and its splices cannot be told from the rest', async () => {
      if (tool === null) return;
      const chain = chainOf(name === 'native' ? 20 : 8, 4);
      await withJobFolder(async (folder) => {
        const spoken = chain.flatMap((take) =>
          take.pcm === null ? [] : [[take.name, take.pcm] as const],
        );
        await writeFlacs(tool, folder, new Map(spoken));
        const path = await renderChain(tool, folder, chain);
        const wanted = mixOf(chain);
        for (const codec of CODECS) {
          await writeFile(join(folder, 'path.mp4'), assemble(path, codec));
          const sound = await decodeFile(tool, folder, { name: 'path.mp4', format: 'mov' });
          const frame = codec === 'aac' ? 1024 : 960;
          expect(sound.length - wanted.length).toBeGreaterThanOrEqual(0);
          expect(sound.length - wanted.length).toBeLessThan(frame);

          const lags = chain.flatMap(({ pcm, startSamples, durationSamples }) => {
            if (pcm === null) return [];
            const from = Math.floor(durationSamples / 2);
            return [lagOf(pcm.subarray(from, from + 4_096), sound, startSamples + from)];
          });
          const worst = Math.max(...lags.map(Math.abs));
          expect(worst).toBeLessThan(4.8); // 0.1 ms

          const whole = await renderWhole(tool, folder, wanted, codec);
          const splices = path.takes[codec]
            .map((take) => segmentStart(take.firstSegment))
            .filter((at) => at > 2_400 && at < wanted.length - 2_400);
          const around = (got: Int16Array) =>
            average(splices.map((at) => snrDb(wanted, got, { from: at - 2_400, to: at + 2_400 })));
          // Within half a decibel of the same sound encoded in one piece, 50 ms to either side.
          expect(around(sound)).toBeGreaterThan(around(whole) - 0.5);
        }
      });
    });
  });
}
