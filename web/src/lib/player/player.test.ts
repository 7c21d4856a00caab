import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { Engine, EnginePath, EngineReports } from './engine.ts';
import { Player } from './player.svelte.ts';
import { FakeMedia } from './testing/fake-media.ts';
import { pathOfTakes as pathOf, takeNumber as id } from './testing/paths.ts';

const second = SAMPLE_RATE;

/** An engine that is told what to do, and reports when the test lets it. */
class FakeEngine implements Engine {
  readonly mixesRoughly = true;
  isLoading = true;
  more = false;
  readonly opened: [EnginePath, number | null][] = [];
  likely: readonly EnginePath[] = [];
  closed = false;
  readonly media: FakeMedia;
  readonly reports: EngineReports;

  constructor(media: FakeMedia, reports: EngineReports) {
    this.media = media;
    this.reports = reports;
  }
  get positionSamples(): number {
    return Math.round(this.media.currentTime * second);
  }
  open(path: EnginePath, atSamples: number | null): void {
    this.opened.push([path, atSamples]);
    if (atSamples !== null) this.seek(atSamples);
  }
  seek(samples: number): void {
    this.media.currentTime = samples / second;
  }
  hasMore(): boolean {
    return this.more;
  }
  prefetch(paths: readonly EnginePath[]): void {
    this.likely = paths;
  }
  close(): void {
    this.closed = true;
  }
  /** There is sound, up to this second. */
  arrive(seconds: number): void {
    this.isLoading = false;
    this.media.duration = seconds;
    this.reports.onlength(seconds * second);
    this.reports.onsource();
    this.media.emit('playing');
  }
}

let media: FakeMedia;
let player: Player;
let engine: FakeEngine | null;
const engineOf = (): FakeEngine => {
  if (engine === null) throw new Error('no engine was loaded');
  return engine;
};
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  media = new FakeMedia();
  engine = null;
  player = new Player(async (_, reports) => (engine = new FakeEngine(media, reports)));
  player.attach(media);
});

/** Chooses a path and has it playing, this far. */
async function playing(path = pathOf([0, 1, 2]), at = 0): Promise<void> {
  player.choose(path);
  player.play();
  await settled();
  engineOf().arrive(5 * path.takes.length + 5);
  media.playTo(at);
}

describe('before anything plays', () => {
  test('nothing is loaded, neither sound nor what plays it, and Play is ready', async () => {
    player.choose(pathOf([0]));
    await settled();
    expect([engine, media.src, player.status, player.playing]).toEqual([null, '', 'paused', false]);
  });

  test('a place that was chosen is where Play begins', async () => {
    player.choose(pathOf([0, 1]));
    player.seek(7 * second);
    player.play();
    await settled();
    expect(engineOf().opened).toEqual([[{ leaf: id(1), state: '2/2/2/', isHeard: true }, 7 * second]]);
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
    player = new Player(async (_, reports) => {
      await failing();
      return (engine = new FakeEngine(media, reports));
    });
    player.attach(media);
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

describe('from one path to another', () => {
  test('the same story time, without a pause', async () => {
    await playing(pathOf([0, 1]), 12);
    player.choose(pathOf([0, 2]));
    expect(engineOf().opened.at(-1)).toEqual([{ leaf: id(2), state: '2/2/2/', isHeard: true }, null]);
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

describe('a path that grows', () => {
  test('more of it is opened while it plays, and the listener stays', async () => {
    await playing(pathOf([0, 1], { mixed: 1 }), 3);
    player.choose(pathOf([0, 1]));
    expect(engineOf().opened.at(-1)).toEqual([{ leaf: id(1), state: '2/2/2/', isHeard: true }, null]);
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
    const states = () => engineOf().opened.map(([path, at]) => [path.leaf, path.state, at]);
    player.choose(pathOf([0, 1, 2], { silent: [1] }));
    const hushed = pathOf([0, 1, 2], { silent: [1] });
    player.choose({ ...hushed, takes: hushed.takes.map((take) => ({ ...take, mixes: 2 })) });
    expect(states().slice(1)).toEqual([
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

test('plays from a take, and says which one sounds', async () => {
  await playing();
  player.pause();
  player.playFrom(id(1));
  expect([media.currentTime, player.takeId, player.playing]).toEqual([5, id(1), true]);
});
