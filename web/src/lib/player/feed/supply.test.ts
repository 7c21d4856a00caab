import { afterEach, expect, test, vi } from 'vitest';
import type { Playlist } from '#domain/protocol/playlist.ts';
import { SEGMENT_SAMPLES } from '#domain/timeline/grid.ts';
import { takeNumber } from '../testing/paths.ts';
import { SoundMissing } from './stored-object.ts';
import { Supply } from './supply.ts';

const never = new AbortController().signal;
const wanted = { leaf: takeNumber(0), state: '1', silent: [], isHeard: true };
const playlist: Playlist = {
  codec: 'aac',
  complete: true,
  initBytes: 10,
  stretches: [
    {
      takeId: wanted.leaf,
      sha256: 'a'.repeat(64),
      url: 'https://store/pack',
      firstSegment: 0,
      offset: 10,
      segments: Array.from({ length: 8 }, () => ({
        bytes: 20,
        durationSamples: SEGMENT_SAMPLES,
      })),
    },
  ],
  rough: { takes: [], unmixed: 0 },
};

afterEach(() => void vi.unstubAllGlobals());

/** A store whose answer to every request for an object is made by `answer`; waits take no time. */
function supplyOf(answer: (times: number) => Response) {
  const asked = { playlists: 0, objects: 0, waits: [] as number[] };
  vi.stubGlobal('fetch', async (url: string) => {
    if (url.startsWith('https://store/')) return answer((asked.objects += 1));
    asked.playlists += 1;
    return Response.json(playlist);
  });
  const supply = new Supply({
    codec: 'aac',
    rough: false,
    ondropped: async () => undefined,
    wait: async (failures) => void asked.waits.push(failures),
  });
  /** Asks for a segment until it comes or is given up. */
  const get = async (index: number) => {
    for (;;) {
      const path = await supply.path(wanted, never);
      const batch = { index, count: 1, fromSamples: 0 };
      const layers = await supply.layers(path, { wanted, batch }, never);
      if (layers !== null) return layers;
    }
  };
  return { asked, get };
}

test('a pack that is not there is asked for under new links, with growing waits, and then no more', async () => {
  const { asked, get } = supplyOf(() => new Response(null, { status: 404 }));
  await expect(get(0)).rejects.toThrow(SoundMissing);
  expect(asked).toMatchObject({ playlists: 5, waits: [2, 3, 4] });
});

test('whoever asks once more after that begins anew, and gets what is there again', async () => {
  let isThere = false;
  const { get } = supplyOf(() =>
    isThere ? new Response(new Uint8Array(200)) : new Response(null, { status: 404 }),
  );
  await expect(get(0)).rejects.toThrow(SoundMissing);
  isThere = true;
  expect(await get(0)).toMatchObject([{ index: 0, fromSamples: 0 }]);
});

test('links that expire now and then do not add up to a missing pack', async () => {
  const { asked, get } = supplyOf((times) =>
    times % 2 === 0 ? new Response(new Uint8Array(200)) : new Response(null, { status: 403 }),
  );
  for (const index of playlist.stretches[0]?.segments.keys() ?? []) await get(index);
  expect(asked.playlists).toBeGreaterThan(5);
});
