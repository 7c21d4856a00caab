import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Player } from './player.svelte.ts';
import { ProgressiveEngine } from './progressive-engine.ts';
import { FakeMedia } from './testing/fake-media.ts';
import { pathOfTakes as pathOf, takeNumber as id } from './testing/paths.ts';

let media: FakeMedia;
let player: Player;
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  media = new FakeMedia();
  player = new Player(async (element, reports) => new ProgressiveEngine(element, reports));
  player.attach(media);
});

afterEach(() => void vi.unstubAllGlobals());

async function play(path = pathOf([0, 1]), seconds = 15): Promise<void> {
  player.choose(path);
  player.play();
  await settled();
  media.arrive(seconds);
}

/** The element says only that it could not load; why is answered to whoever asks. */
function refuse(answer: () => Promise<Response>): void {
  vi.stubGlobal('fetch', answer);
  media.error = { code: 4 };
  media.emit('error');
}

test('a path is one address, in AAC, or in Opus where AAC cannot be played', async () => {
  await play(pathOf([0]), 10);
  expect(media.loads).toEqual([`/api/takes/${id(0)}/path?codec=aac&state=1%2F1%2F1%2F`]);
  expect([player.status, player.loadedSamples]).toEqual(['playing', 480_000]);
  media = new FakeMedia();
  media.types = ['opus'];
  player.attach(media);
  player.play();
  await settled();
  expect(media.src).toContain('codec=opus');
});

test('another branch is another address, at the same place, and listening goes on', async () => {
  await play();
  media.playTo(12);
  player.choose(pathOf([0, 2]));
  expect([player.status, media.loads.length]).toEqual(['loading', 2]);
  media.arrive(15);
  expect([media.currentTime, player.status]).toEqual([12, 'playing']);
});

test('Play that is pressed while another branch loads plays it', async () => {
  await play();
  player.pause();
  player.choose(pathOf([0, 2]));
  player.play();
  media.arrive(15);
  expect([player.status, media.paused]).toEqual(['playing', false]);
});

test('more of the path is loaded at the end of what plays, not before', async () => {
  await play(pathOf([0, 1], { mixed: 1 }), 10);
  media.playTo(4);
  player.choose(pathOf([0, 1]));
  expect(media.loads.length).toBe(1);
  media.reachEnd();
  expect([player.status, media.loads.length]).toEqual(['loading', 2]);
  media.arrive(15);
  expect([media.currentTime, player.status]).toEqual([10, 'playing']);
});

test('a voice that is hidden while it plays is left out at once, at the same place', async () => {
  await play();
  media.playTo(7);
  player.choose(pathOf([0, 1], { silent: [1] }));
  expect([player.status, media.loads.length, media.src]).toEqual([
    'loading',
    2,
    `/api/takes/${id(1)}/path?codec=aac&state=2%2F2%2F2%2F1`,
  ]);
  media.arrive(15);
  expect([media.currentTime, player.status]).toEqual([7, 'playing']);
});

test('a voice that is heard again comes with what is loaded next, and nothing is cut', async () => {
  await play(pathOf([0, 1], { silent: [1] }), 10);
  media.playTo(7);
  player.choose(pathOf([0, 1]));
  expect([player.status, media.loads.length]).toEqual(['playing', 1]);
  media.reachEnd();
  expect(media.loads.at(-1)).toMatch(/state=2%2F2%2F2%2F$/u);
  // It has no more than was heard.
  media.arrive(10);
  expect([player.status, media.currentTime]).toEqual(['ended', 10]);
});

test('a place that is not rendered without that voice yet is kept until it is', async () => {
  await play(pathOf([0, 1, 2]), 20);
  media.playTo(12);
  player.choose(pathOf([0, 1, 2], { silent: [1] }));
  media.arrive(5);
  expect([player.status, media.paused, player.positionSamples]).toEqual([
    'failed',
    true,
    12 * 48_000,
  ]);
  expect(player.error).toContain('still being mixed');
  const hushed = pathOf([0, 1, 2], { silent: [1] });
  player.choose({ ...hushed, takes: hushed.takes.map((take) => ({ ...take, mixes: 2 })) });
  player.play();
  media.arrive(20);
  expect([media.currentTime, player.status]).toEqual([12, 'playing']);
});

test('whoever paused is not played the start instead of a place that is not rendered', async () => {
  await play(pathOf([0, 1, 2]), 20);
  media.playTo(12);
  player.pause();
  player.choose(pathOf([0, 1, 2], { silent: [1] }));
  media.arrive(5);
  expect([player.status, player.error, player.positionSamples]).toEqual([
    'paused',
    null,
    12 * 48_000,
  ]);
  player.play();
  expect([player.status, media.loads.length]).toEqual(['loading', 3]);
  media.arrive(5);
  expect([player.status, media.paused]).toEqual(['failed', true]);
  expect(player.error).toContain('still being mixed');
  player.play();
  media.arrive(20);
  expect([media.currentTime, player.status]).toEqual([12, 'playing']);
});

test('a take that is stored and not rendered is not heard here', async () => {
  await play(pathOf([0], { mixed: 0 }), 0);
  expect([player.status, media.loads]).toEqual(['failed', []]);
  player.choose(pathOf([0]));
  expect([player.status, media.loads.length]).toEqual(['paused', 1]);
});

test('Play after an error loads it again, at the same place', async () => {
  await play();
  media.playTo(4);
  media.error = { code: 2 };
  media.emit('error');
  expect(player.status).toBe('failed');
  media.error = null;
  player.play();
  media.arrive(15);
  expect([media.loads.length, media.currentTime, player.status]).toEqual([2, 4, 'playing']);
});

describe('a file that the server refuses', () => {
  const stillMixed = { error: { code: 'conflict', message: 'This path is still being mixed.' } };

  test('is still being mixed, if that is why: it is said, and Play asks again', async () => {
    await play();
    media.playTo(7);
    player.choose(pathOf([0, 1], { silent: [0] }));
    refuse(async () => Response.json(stillMixed, { status: 409 }));
    expect([player.status, player.error]).toEqual(['loading', null]);
    await vi.waitFor(() => expect(player.error).toContain('still being mixed'));
    expect([player.status, player.positionSamples]).toEqual(['failed', 7 * 48_000]);
    media.error = null;
    player.play();
    media.arrive(15);
    expect([media.currentTime, player.status]).toEqual([7, 'playing']);
  });

  test('is no news to whoever paused', async () => {
    await play();
    player.pause();
    player.choose(pathOf([0, 1], { silent: [0] }));
    const answered = vi.fn<() => Promise<Response>>(async () =>
      Response.json(stillMixed, { status: 409 }),
    );
    refuse(answered);
    await vi.waitFor(() => expect(answered).toHaveResolved());
    await settled();
    expect([player.status, player.error]).toEqual(['paused', null]);
  });

  test('could not be played, if nobody knows why', async () => {
    await play();
    player.choose(pathOf([0, 2]));
    refuse(async () => new Response(null, { status: 502 }));
    await vi.waitFor(() => expect(player.error).toContain('could not be played'));
    expect(player.status).toBe('failed');
  });

  test('says nothing of a path that was left meanwhile', async () => {
    await play();
    player.choose(pathOf([0, 2]));
    const answer = Promise.withResolvers<Response>();
    refuse(() => answer.promise);
    media.error = null;
    player.choose(pathOf([0, 1]));
    media.arrive(15);
    answer.resolve(Response.json(stillMixed, { status: 409 }));
    await settled();
    expect([player.status, player.error]).toEqual(['playing', null]);
  });
});
