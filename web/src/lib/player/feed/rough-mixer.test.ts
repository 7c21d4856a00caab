import { expect, test } from 'vitest';
import type { RoughTake } from '#domain/protocol/playlist.ts';
import { readFragment } from '#domain/media/fragment.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { Unreachable } from '../../upload/api.ts';
import { takeNumber } from '../testing/paths.ts';
import type { Segment } from './feed-path.ts';
import { RoughMixer } from './rough-mixer.ts';

const never = new AbortController().signal;
const take = (index: number): RoughTake => ({
  id: takeNumber(index),
  startSamples: 0,
  durationSamples: 3 * SEGMENT_SAMPLES,
  stem: { sha256: `${index}`, gainDb: 0, url: `/stem/${index}` },
});
const segment: Segment = {
  id: 'rough',
  durationSamples: SEGMENT_SAMPLES,
  source: { kind: 'rough', takes: [take(1), take(2)] },
};

/** A mixer, and what it fetched and decoded. */
function mixerOf(answer = () => new Response(new Uint8Array(1))) {
  const done: string[] = [];
  const decode = async () => {
    done.push('decode');
    return new Float32Array(3 * SEGMENT_SAMPLES).fill(0.25);
  };
  const fetch = async (url: unknown) => {
    done.push(String(url));
    return answer();
  };
  return { done, mixer: new RoughMixer(decode, fetch) };
}

test('known failure 31: a stem is fetched and decoded once, however many segments it sounds in', async () => {
  const { done, mixer } = mixerOf();
  const parts = await Promise.all([0, 1, 2].map((index) => mixer.segment(segment, index, never)));
  expect(done).toEqual(['/stem/1', '/stem/2', 'decode', 'decode']);
  expect(parts.map((bytes) => readFragment(bytes).startSamples)).toEqual([
    0,
    SEGMENT_SAMPLES,
    2 * SEGMENT_SAMPLES,
  ]);
});

test('a stem that did not come is asked for again', async () => {
  let asked = 0;
  const { mixer } = mixerOf(() => new Response(null, { status: (asked += 1) < 2 ? 503 : 200 }));
  await expect(mixer.segment(segment, 0, never)).rejects.toThrow(Unreachable);
  await expect(mixer.segment(segment, 0, never)).resolves.toBeInstanceOf(Uint8Array);
});
