import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
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

describe('before anything plays', () => {
  test('nothing is loaded, neither sound nor what plays it, and Play is ready', async () => {
    player.choose(pathOf([0]));
    await settled();
    expect(engineOf).toThrow('no engine');
    expect([media.src, player.status, player.playing]).toEqual(['', 'paused', false]);
  });

  test('a place that was chosen is where Play begins', async () => {
    player.choose(pathOf([0, 1]));
    player.seek(7 * second);
    player.play();
    await settled();
    expect(engineOf().opened).toEqual([
      [{ leaf: id(1), state: '2/2/2/', silent: [], isHeard: true }, 7 * second],
    ]);
  });

  test('a shorter path that is chosen meanwhile moves the place to the fork', () => {
    player.choose(pathOf([0, 1, 2]));
    player.seek(18 * second);
    player.choose(pathOf([0, 3]));
    expect(player.positionSamples).toBe(5 * second);
  });

  test('an engine that does not load is said, and Play tries again', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const failing = vi
      .fn<() => Promise<void>>()
      .mockRejectedValueOnce(new TypeError('Failed to fetch'));
    ({ player, engineOf } = playerBench(failing));
    player.choose(pathOf([0]));
    player.play();
    await settled();
    expect([player.status, player.playing]).toEqual(['failed', false]);
    expect(player.error).toContain('did not load');
    player.play();
    await settled();
    engineOf().arrive(10);
    expect([player.status, player.error]).toEqual(['playing', null]);
  });
});

describe('a status is only what the element does', () => {
  test('loading until there is sound, then playing, and waiting is loading again', async () => {
    player.choose(pathOf([0]));
    player.play();
    await settled();
    expect([player.status, player.playing, media.paused]).toEqual(['loading', true, true]);
    engineOf().arrive(10);
    expect([player.status, media.paused]).toEqual(['playing', false]);
    media.emit('waiting');
    expect(player.status).toBe('loading');
    media.emit('playing');
    expect(player.status).toBe('playing');
  });

  test('known failure 2: at the end it has ended, and Play begins again', async () => {
    await playing(pathOf([0]));
    media.reachEnd();
    expect([player.status, player.playing]).toEqual(['ended', false]);
    player.play();
    expect([media.currentTime, player.status]).toEqual([0, 'loading']);
  });

  test('known failure 4: sound that does not come leaves a Play that works', async () => {
    await playing(pathOf([0]), 4);
    engineOf().reports.onfailed('This path could not be played.');
    expect([player.status, player.playing, player.error]).toEqual([
      'failed',
      false,
      'This path could not be played.',
    ]);
    player.play();
    expect([player.status, player.error]).toEqual(['loading', null]);
    expect(engineOf().opened.at(-1)).toEqual([engineOf().opened[0]?.[0], 4 * second]);
    media.emit('playing');
    expect(player.status).toBe('playing');
  });

  test('known failure 21: a pause pauses, and a seek is where it said, at once', async () => {
    await playing();
    player.pause();
    expect([media.paused, player.status]).toEqual([true, 'paused']);
    player.seek(9 * second);
    expect([media.currentTime, player.positionSamples, player.status]).toEqual([
      9,
      9 * second,
      'paused',
    ]);
    player.play();
    player.seek(3 * second);
    expect([media.currentTime, player.playing]).toEqual([3, true]);
  });

  test('a pause while the engine loads holds: nothing plays by itself afterwards', async () => {
    player.choose(pathOf([0]));
    player.play();
    player.pause();
    await settled();
    const { reports } = engineOf();
    engineOf().isLoading = false;
    reports.onsource();
    expect([media.paused, player.status]).toEqual([true, 'paused']);
  });

  test('known failure 30: Play after Pause goes on where it was', async () => {
    await playing(pathOf([0, 1]), 6);
    player.pause();
    player.play();
    expect([media.currentTime, media.seeks.filter((to) => to !== 0)]).toEqual([6, []]);
  });

  test('known failure 35: a seed alone is a path that plays', async () => {
    await playing(pathOf([0]), 3);
    expect([player.status, player.takeId, player.durationSamples]).toEqual([
      'playing',
      id(0),
      10 * second,
    ]);
  });

  test('what breaks off is said with what is safe', async () => {
    await playing(pathOf([0]), 4);
    media.error = { code: 2 };
    media.emit('error');
    expect(player.status).toBe('failed');
    expect(player.error).toContain('Your place is kept');
  });

  test('a network that drops is said while the rest plays on, and unsaid when it is back', async () => {
    await playing(pathOf([0]));
    engineOf().reports.ondropped(true);
    expect([player.status, player.error]).toEqual(['playing', null]);
    expect(player.notice).toContain('by itself');
    engineOf().reports.ondropped(false);
    expect(player.notice).toBeNull();
  });

  test('an element that was let go of leaves no key of the system to itself', async () => {
    const keys = new Map<string, unknown>();
    const mediaSession = {
      metadata: null as unknown,
      setActionHandler: (key: string, act: unknown) => keys.set(key, act),
      setPositionState: () => undefined,
    };
    vi.stubGlobal('navigator', { mediaSession });
    vi.stubGlobal('MediaMetadata', Object);
    onTestFinished(() => void vi.unstubAllGlobals());
    await playing();
    expect([typeof keys.get('play'), mediaSession.metadata]).toEqual([
      'function',
      { title: 'River', artist: 'Mira' },
    ]);
    player.destroy();
    expect([[...keys.values()].filter((act) => act !== null), mediaSession.metadata]).toEqual([
      [],
      null,
    ]);
  });

  test('an element that was let go of moves nothing any more', async () => {
    await playing();
    player.destroy();
    media.emit('playing');
    expect([player.status, engineOf().closed, media.isHeardByNobody]).toEqual([
      'paused',
      true,
      true,
    ]);
  });
});
