import { expect, test } from 'vitest';
import type { RoughTake } from '#domain/protocol/playlist.ts';
import { readFragment } from '#domain/media/fragment.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { Unreachable } from '../../upload/api.ts';
import { takeNumber } from '../testing/paths.ts';
import type { Segment } from './feed-path.ts';
import { RoughMixer, Unmixable } from './rough-mixer.ts';
import { LinkExpired } from './stored-object.ts';

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
function mixerOf(answer = () => new Response(new Uint8Array(1)), isAudio = true) {
  const done: string[] = [];
  const decode = async () => {
    done.push('decode');
    if (!isAudio) throw new DOMException('Unable to decode audio data', 'EncodingError');
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

test('a stem whose link has expired is asked for under a new one', async () => {
  let asked = 0;
  const { mixer, done } = mixerOf(
    () => new Response(null, { status: (asked += 1) < 2 ? 403 : 200 }),
  );
  const only: Segment = { ...segment, source: { kind: 'rough', takes: [take(1)] } };
  await expect(mixer.segment(only, 0, never)).rejects.toThrow(LinkExpired);
  const stem = { sha256: '1', gainDb: 0, url: '/stem/1?anew' };
  const anew: Segment = { ...only, source: { kind: 'rough', takes: [{ ...take(1), stem }] } };
  await expect(mixer.segment(anew, 0, never)).resolves.toBeInstanceOf(Uint8Array);
  expect(done).toEqual(['/stem/1', '/stem/1?anew', 'decode']);
});

test('a stem that cannot be decoded is not fetched for ever', async () => {
  const { mixer, done } = mixerOf(undefined, false);
  const only: Segment = { ...segment, source: { kind: 'rough', takes: [take(1)] } };
  for (const index of [0, 1, 1])
    await expect(mixer.segment(only, index, never)).rejects.toThrow(Unmixable);
  expect(done).toEqual(['/stem/1', 'decode']);
});
