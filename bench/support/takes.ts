// What measurements of takes share: the recordings, the paths they are published over, and the bare
// ffmpeg command that does the same work.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { takeId, type StoryId } from '#domain/story/ids.ts';
import type { Tool } from '../../media-worker/ffmpeg/run.ts';
import { withJobFolder } from '../../media-worker/job-folder.ts';
import { transcode, wavFile } from '../../media-worker/testing/files.ts';
import { babble } from '../../media-worker/testing/signals.ts';
import type { PublishedTake, TestStory } from '../../media-worker/testing/story.ts';

const RATE = 48_000;
export const TAKE_SECONDS = 60;
const STEM_SECONDS = 600;
/** How far the take before the new one reaches over the one before that. */
export const TAIL_SECONDS = 10;

export interface Material {
  readonly folder: string;
  readonly upload: Buffer;
  readonly stem: Buffer;
}

/** Ends of the takes of a path that ends at `seconds`, the last with a tail of ten seconds. */
function endsOf(seconds: number): number[] {
  const ends: number[] = [];
  for (let end = 300; end < seconds - 300; end += 300) ends.push(end);
  return [...ends, seconds - TAIL_SECONDS, seconds];
}

/** A story whose path is that long, as rows: every take has the same ten minutes of stem. */
export async function plantPath(
  pool: Pool,
  story: TestStory,
  path: { seconds: number; stem: Buffer },
): Promise<PublishedTake> {
  const storyId = randomUUID() as StoryId;
  const sha256 = createHash('sha256').update(path.stem).digest('hex');
  const objectKey = `stems/${sha256}.flac`;
  await story.objects.put(objectKey, path.stem, { contentType: 'audio/flac' });
  await pool.query(
    `insert into stories (id, slug, title, owner_id) values ($1::uuid, $1::text, 'A path', $2)`,
    [storyId, story.author],
  );
  const ends = endsOf(path.seconds);
  let parentId: string | null = null;
  for (const [index, end] of ends.entries()) {
    const id = randomUUID();
    const start = ends[index - 2] ?? 0;
    const uploadId = randomUUID();
    await pool.query(
      `insert into uploads (id, user_id, object_key, store_upload_id, bytes, sha256, content_type, state)
       values ($1::uuid, $2, $1::text, $1::text, 1, $3, 'audio/flac', 'complete')`,
      [uploadId, story.author, sha256],
    );
    await pool.query(
      `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples, status, upload_id)
       values ($1, $2, $3, $4, 'voice', $5, $6, 'ready', $7)`,
      [id, storyId, parentId, story.author, start * RATE, (end - start) * RATE, uploadId],
    );
    await pool.query(
      `insert into stems (take_id, object_key, sha256, bytes, duration_samples, gain_db, silences, peaks,
         peaks10, peaks1)
       values ($1, $2, $3, $4, $5, -1, '[]', '', '', '')`,
      [id, objectKey, sha256, path.stem.length, (end - start) * RATE],
    );
    parentId = id;
  }
  return { storyId, takeId: takeId(parentId ?? '') };
}

/** A take of a minute, as a browser sends it, and the stem of what it is recorded over. */
export async function makeMaterial(tool: Tool, folder: string): Promise<Material> {
  await writeFile(join(folder, 'stem.wav'), wavFile(babble(2, STEM_SECONDS * RATE)));
  await transcode(tool, folder, {
    from: 'stem.wav',
    format: 'wav',
    to: 'parent.flac',
    options: ['-c:a', 'flac', '-f', 'flac'],
  });
  return {
    ...(await makeTake(tool, folder, 1)),
    stem: await readFile(join(folder, 'parent.flac')),
  };
}

/** Another take over the same stem, in a folder of its own. */
export async function anotherTake(
  tool: Tool,
  material: Material,
  { folder, seed }: { folder: string; seed: number },
): Promise<Material> {
  await mkdir(folder);
  await copyFile(join(material.folder, 'parent.flac'), join(folder, 'parent.flac'));
  return { ...(await makeTake(tool, folder, seed)), stem: material.stem };
}

async function makeTake(
  tool: Tool,
  folder: string,
  seed: number,
): Promise<Pick<Material, 'folder' | 'upload'>> {
  await writeFile(join(folder, 'take.wav'), wavFile(babble(seed, TAKE_SECONDS * RATE)));
  await transcode(tool, folder, {
    from: 'take.wav',
    format: 'wav',
    to: 'take.webm',
    options: ['-c:a', 'libopus', '-b:a', '96k', '-f', 'webm'],
  });
  return { folder, upload: await readFile(join(folder, 'take.webm')) };
}

/** The same work as one plain command: no guards, no limits, no database, no store. */
export async function runBare({ ffmpeg }: Tool, { folder }: Material): Promise<void> {
  const from = STEM_SECONDS - TAIL_SECONDS - 3;
  const hls = '-f hls -hls_time 1.92 -hls_segment_type fmp4 -hls_flags single_file';
  const graph =
    `[0:a]aresample=48000,aformat=sample_fmts=s16:channel_layouts=mono,asplit=3[m][i][p];` +
    `[m]ebur128=dualmono=1:peak=true:framelog=verbose,aformat=sample_fmts=s16[stem];` +
    `[i]adelay=144000S[take];[1:a]atrim=end_sample=624000[tail];` +
    `[tail][take]amix=inputs=2:duration=longest:dropout_transition=0:normalize=0,` +
    `alimiter=limit=0.891:level=false:latency=1,asplit=2[a][o]`;
  const args = [
    `-nostdin -y -v error -i take.webm -ss ${from} -i parent.flac -filter_complex ${graph}`,
    '-map [stem] -c:a flac bare.flac -map [p] -ar 8000 -f s16le bare.raw',
    `-map [a] -c:a aac -aac_coder fast -b:a 96k ${hls} -hls_fmp4_init_filename a.mp4 a.m3u8`,
    `-map [o] -c:a libopus -b:a 64k -vbr constrained ${hls} -hls_fmp4_init_filename o.mp4 o.m3u8`,
  ].flatMap((line) => line.split(' '));
  await withJobFolder(async (job) => {
    for (const name of ['take.webm', 'parent.flac'])
      await copyFile(join(folder, name), join(job, name));
    const child = spawn(ffmpeg.command, [...ffmpeg.leading, ...args], {
      cwd: job,
      stdio: 'ignore',
    });
    const [code] = await once(child, 'exit');
    if (code !== 0) throw new Error(`the bare command ended with ${code}`);
  });
}
