// A whole path, rendered take by take and played from its packs: is each stem where it belongs,
// and can the splices be told from the rest?
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pathFile } from '#domain/media/path-file.ts';
import { takeId } from '#domain/story/ids.ts';
import { segmentStart } from '#domain/timeline/grid.ts';
import { planRegion, type MixSource } from '#domain/timeline/mix-plan.ts';
import { stretchesOf, type Codec, type RenderedTake } from '#domain/timeline/path-packs.ts';
import type { Tool } from './ffmpeg/run.ts';
import { withJobFolder } from './job-folder.ts';
import { LEAD_SEGMENTS, renderRegion } from './region.ts';
import { chainOf, mixOf, type SoundingTake } from './testing/chain.ts';
import { decodeFile, writeFlacs } from './testing/files.ts';
import { lagOf, snrDb } from './testing/signals.ts';
import { testTools } from './testing/tools.ts';

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
