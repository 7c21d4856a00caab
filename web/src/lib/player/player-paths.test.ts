import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Player } from './player.svelte.ts';
import type { FakeEngine } from './testing/fake-engine.ts';
import type { FakeMedia } from './testing/fake-media.ts';
import { pathOfTakes as pathOf, takeNumber as id } from './testing/paths.ts';
import { playerBench, settled, type PlayerBench } from './testing/player-bench.ts';

const second = SAMPLE_RATE;

let media: FakeMedia;
let player: Player;
let engineOf: () => FakeEngine;
let playing: PlayerBench['playing'];
beforeEach(() => {
  ({ media, player, engineOf, playing } = playerBench());
});

describe('from one path to another', () => {
  test('the same story time, without a pause', async () => {
    await playing(pathOf([0, 1]), 12);
    player.choose(pathOf([0, 2]));
    expect(engineOf().opened.at(-1)).toEqual([
      { leaf: id(2), state: '2/2/2/', silent: [], isHeard: true },
      null,
    ]);
    expect([player.status, media.paused, player.positionSamples]).toEqual([
      'playing',
      false,
      12 * second,
    ]);
  });

  test('a place that the other branch does not reach becomes the fork', async () => {
    await playing(pathOf([0, 1, 2]), 18);
    player.choose(pathOf([0, 3]));
    expect([media.currentTime, player.positionSamples]).toEqual([5, 5 * second]);
  });

  test('the same path in the same state is not opened again', async () => {
    await playing();
    player.choose({ ...pathOf([0, 1, 2]), title: 'Another title' });
    expect(engineOf().opened).toHaveLength(1);
  });

  test('branches that may be chosen are at hand, also those named before the first Play', async () => {
    player.choose(pathOf([0, 1]));
    player.offer([pathOf([0, 2])]);
    player.play();
    await settled();
    expect(engineOf().likely.map(({ leaf }) => leaf)).toEqual([id(2)]);
  });
});

test('known failure 33: what went wrong with one path is not said of another', async () => {
  vi.spyOn(console, 'warn').mockReturnValue();
  ({ player } = playerBench(() => Promise.reject(new TypeError('Failed to fetch'))));
  player.choose(pathOf([0, 1]));
  player.play();
  await vi.waitFor(() => expect(player.error).toContain('did not load'));
  // News of the same path take nothing back.
  player.choose(pathOf([0, 1]));
  expect(player.status).toBe('failed');
  player.choose(pathOf([0, 2]));
  expect([player.status, player.error]).toEqual(['paused', null]);

  ({ player, engineOf, playing } = playerBench());
  await playing();
  engineOf().reports.onfailed('This path could not be played.');
  player.choose(pathOf([0, 3]));
  expect([player.status, player.error]).toEqual(['paused', null]);
});

describe('a path that grows', () => {
  test('more of it is opened while it plays, and the listener stays', async () => {
    await playing(pathOf([0, 1], { mixed: 1 }), 3);
    player.choose(pathOf([0, 1]));
    expect(engineOf().opened.at(-1)).toEqual([
      { leaf: id(1), state: '2/2/2/', silent: [], isHeard: true },
      null,
    ]);
    expect([player.status, media.paused]).toEqual(['playing', false]);
  });

  test('at the old end it goes on by itself if more is coming', async () => {
    await playing(pathOf([0, 1]), 9);
    engineOf().more = true;
    media.reachEnd();
    expect([player.status, player.playing]).toEqual(['loading', true]);
    engineOf().arrive(20);
    expect([player.status, media.paused]).toEqual(['playing', false]);
  });

  test('known failure 2: at the old end it has ended if nothing comes after all', async () => {
    await playing(pathOf([0, 1]), 9);
    engineOf().more = true;
    media.reachEnd();
    engineOf().reports.onend();
    expect([player.status, player.playing]).toEqual(['ended', false]);
  });

  test('whoever stood at the old end goes on from there', async () => {
    await playing(pathOf([0, 1], { ready: 1, mixed: 1 }));
    engineOf().arrive(10);
    media.reachEnd();
    player.choose(pathOf([0, 1]));
    expect(player.status).toBe('paused');
    media.duration = 15;
    engineOf().reports.onlength(15 * second);
    player.play();
    expect(media.currentTime).toBe(10);
  });

  test('nothing to hear yet is said when Play is pressed, and unsaid once there is', async () => {
    player.choose(pathOf([0], { ready: 0, mixed: 0 }));
    player.play();
    await settled();
    engineOf().reports.onnothing();
    expect([player.status, player.playing]).toEqual(['failed', false]);
    expect(player.error).toContain('still being mixed');
    player.choose(pathOf([0]));
    expect([player.status, player.error]).toEqual(['paused', null]);
  });

  test('a voice that is hidden is silent, the path goes on, and a mix without it is opened', async () => {
    await playing(pathOf([0, 1, 2]), 3);
    player.choose(pathOf([0, 1, 2], { silent: [1] }));
    const hushed = pathOf([0, 1, 2], { silent: [1] });
    player.choose({ ...hushed, takes: hushed.takes.map((take) => ({ ...take, mixes: 2 })) });
    const { opened } = engineOf();
    expect(opened.slice(1).map(([path, at]) => [path.leaf, path.state, at])).toEqual([
      [id(2), '3/3/3/1', null],
      [id(2), '3/3/6/1', null],
    ]);
    expect([player.status, player.positionSamples]).toEqual(['playing', 3 * second]);
  });

  test('a path on which nothing may be heard any more is paused, and goes on once it may', async () => {
    await playing(pathOf([0]), 3);
    player.choose({ ...pathOf([0]), takes: [] });
    player.play();
    expect([player.status, media.paused]).toEqual(['paused', true]);
    player.choose(pathOf([0]));
    player.play();
    expect([media.currentTime, media.paused]).toEqual([3, false]);
  });

  test('it says where the page mixes by itself', async () => {
    await playing(pathOf([0, 1], { mixed: 1 }), 3);
    engineOf().reports.onrough(5 * second);
    expect(player.isRough).toBe(false);
    media.playTo(6);
    expect(player.isRough).toBe(true);
    engineOf().reports.onrough(null);
    expect(player.isRough).toBe(false);
  });
});
