import { randomUUID } from 'node:crypto';
import { beforeEach, expect, test } from 'vitest';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import type { MediaEvent, MediaPort } from './media-port.ts';
import { Player, type PlayablePath } from './player.svelte.ts';

const second = 48_000;

/** An audio element that does what it is told, when the test lets it. */
class Media implements MediaPort {
  src = '';
  currentTime = 0;
  duration = Number.NaN;
  paused = true;
  ended = false;
  readyState = 0;
  error: { code: number } | null = null;
  preload = '';
  types = ['aac', 'opus'];
  readonly loads: string[] = [];
  readonly #listeners = new Map<MediaEvent, Set<() => void>>();

  async play(): Promise<void> {
    this.paused = false;
  }
  pause(): void {
    if (this.paused) return;
    this.paused = true;
    this.emit('pause');
  }
  load(): void {
    this.loads.push(this.src);
    Object.assign(this, { readyState: 0, currentTime: 0, duration: Number.NaN, ended: false });
    this.paused = true;
  }
  canPlayType(type: string): string {
    const codec = type.includes('opus') ? 'opus' : 'aac';
    return this.types.includes(codec) ? 'probably' : '';
  }
  addEventListener(event: MediaEvent, listener: () => void): void {
    this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener));
  }
  removeEventListener(event: MediaEvent, listener: () => void): void {
    this.#listeners.get(event)?.delete(listener);
  }
  emit(event: MediaEvent): void {
    for (const listener of this.#listeners.get(event) ?? []) listener();
  }
  /** The source answers: it is this long. */
  arrive(seconds: number): void {
    Object.assign(this, { readyState: 4, duration: seconds });
    this.emit('loadedmetadata');
    if (!this.paused) this.emit('playing');
  }
  reachEnd(): void {
    Object.assign(this, { currentTime: this.duration, ended: true, paused: true });
    this.emit('pause');
    this.emit('ended');
  }
}

const ids = Array.from({ length: 4 }, () => takeId(randomUUID()));
const id = (index: number): TakeId => ids[index] ?? takeId('');
/** Takes of ten seconds that overlap by five: 0–10, 5–15, 10–20 … */
function pathOf(takes: readonly number[], mixed = takes.length): PlayablePath {
  return {
    takes: takes.map((take, index) => ({
      id: id(take),
      startSamples: index * 5 * second,
      durationSamples: 10 * second,
      mixed: index < mixed,
    })),
    title: 'River',
    artist: 'Mira',
  };
}

let media: Media;
let player: Player;
beforeEach(() => {
  media = new Media();
  player = new Player();
  player.attach(media);
});

test('nothing sounds before it is asked for, and a status is only what the element does', () => {
  player.choose(pathOf([0]));
  expect(media.loads).toEqual([`/api/takes/${id(0)}/path?codec=aac`]);
  media.arrive(10);
  expect([media.paused, player.status, player.playing]).toEqual([true, 'paused', false]);
  player.play();
  expect([player.status, player.playing]).toEqual(['loading', true]);
  media.emit('playing');
  expect(player.status).toBe('playing');
  media.emit('waiting');
  expect(player.status).toBe('loading');
  player.pause();
  expect([player.status, player.playing]).toEqual(['paused', false]);
});

test('Opus is taken where AAC cannot be played', () => {
  media.types = ['opus'];
  player.attach(media);
  player.choose(pathOf([0]));
  expect(media.src).toContain('codec=opus');
});

test('choosing another branch while listening keeps the place and goes on', () => {
  player.choose(pathOf([0, 1]));
  media.arrive(15);
  player.play();
  media.emit('playing');
  media.currentTime = 12;
  media.emit('seeked');
  player.choose(pathOf([0, 2]));
  expect(player.status).toBe('loading');
  media.arrive(15);
  expect([media.currentTime, player.positionSamples, player.status]).toEqual([
    12,
    12 * second,
    'playing',
  ]);
});

test('a place that the other branch does not reach becomes the fork', () => {
  player.choose(pathOf([0, 1, 2]));
  media.arrive(20);
  player.seek(18 * second);
  player.choose(pathOf([0, 3]));
  media.arrive(15);
  expect(media.currentTime).toBe(5);
});

test('at the end it has ended, and Play begins again', () => {
  player.choose(pathOf([0]));
  media.arrive(10);
  player.play();
  media.emit('playing');
  media.reachEnd();
  expect([player.status, player.playing]).toEqual(['ended', false]);
  player.play();
  expect(media.currentTime).toBe(0);
});

test('a path that ends before its leaf is mixed goes on there once it is', () => {
  player.choose(pathOf([0, 1], 1));
  media.arrive(10);
  player.play();
  media.emit('playing');
  media.reachEnd();
  expect(player.status).toBe('ended');
  player.choose(pathOf([0, 1], 2));
  expect(media.loads.length).toBe(2);
  media.arrive(15);
  expect([media.currentTime, player.status]).toEqual([10, 'paused']);
});

test('more of the path that is mixed while listening is played on at the old end', () => {
  player.choose(pathOf([0, 1], 1));
  media.arrive(10);
  player.play();
  media.emit('playing');
  player.choose(pathOf([0, 1], 2));
  expect(media.loads.length).toBe(1);
  media.reachEnd();
  media.arrive(15);
  expect([media.currentTime, player.status]).toEqual([10, 'playing']);
});

test('a path of which nothing is mixed is not asked for; Play says why, and it loads once it is', () => {
  player.choose(pathOf([0], 0));
  expect(media.loads).toEqual([]);
  expect([player.status, player.error]).toEqual(['paused', null]);
  player.play();
  expect([player.status, media.paused]).toEqual(['failed', true]);
  expect(player.error).toContain('still being mixed');
  player.choose(pathOf([0]));
  expect(media.loads.length).toBe(1);
  media.arrive(10);
  expect([player.status, player.error]).toEqual(['paused', null]);
});

test('an error stops it, says what is safe, and Play tries again at the same place', () => {
  player.choose(pathOf([0]));
  media.arrive(10);
  player.seek(4 * second);
  player.play();
  media.error = { code: 2 };
  media.emit('error');
  expect(player.status).toBe('failed');
  expect(player.error).toContain('The network dropped');
  player.play();
  expect([media.loads.length, player.error]).toEqual([2, null]);
  media.arrive(10);
  expect([media.currentTime, player.status]).toEqual([4, 'playing']);
});

test('plays from a take, and says which one sounds', () => {
  player.choose(pathOf([0, 1, 2]));
  media.arrive(20);
  player.playFrom(id(1));
  expect([media.currentTime, player.takeId, player.playing]).toEqual([5, id(1), true]);
});

test('an element that was let go of moves nothing any more', () => {
  player.choose(pathOf([0]));
  media.arrive(10);
  player.destroy();
  media.emit('playing');
  expect(player.status).toBe('paused');
});
