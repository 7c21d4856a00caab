// The files of a path as a page follows them, against answers in the server's own shape.
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Downloads, DownloadState } from '#domain/protocol/downloads.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { takeId } from '#domain/story/ids.ts';
import { PathDownloads } from './path-downloads.svelte.ts';

type Answer = Downloads | Problem | 'no line';

const none: Downloads = { flac: null, m4a: null, mp3: null, stems: null };
const flac = (at: DownloadState): Downloads => ({ ...none, flac: at });
const ready: DownloadState = { state: 'ready', bytes: 3_210_000, untilMs: 1 };

/** A page whose requests are answered in this order, the last one again and again. */
function pageWith(...answers: readonly [Answer, ...Answer[]]) {
  const waiting = [...answers];
  const asked: string[] = [];
  const becomeSomebody = vi.fn<() => Promise<void>>(async () => undefined);
  const downloads = new PathDownloads({
    takeId: takeId(randomUUID()),
    becomeSomebody,
    fetch: async (_path, request) => {
      asked.push(request?.method ?? 'GET');
      const answer = (waiting.length > 1 ? waiting.shift() : waiting[0]) ?? none;
      if (answer === 'no line') throw new TypeError('fetch failed');
      if (answer instanceof Problem)
        return Response.json(answer.toBody(), { status: answer.status });
      return Response.json(answer);
    },
    now: () => 0,
  });
  return { downloads, asked, becomeSomebody };
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a file is asked for, followed until it is ready, and then left alone', async () => {
  const { downloads, asked, becomeSomebody } = pageWith(
    none,
    flac({ state: 'waiting', ahead: 2 }),
    flac({ state: 'working', done: 0.4 }),
    flac(ready),
  );
  const stop = downloads.follow();
  await vi.advanceTimersByTimeAsync(60_000);
  // Nothing is under way, so nothing is asked again.
  expect(asked).toEqual(['GET']);
  await downloads.ask('flac');
  expect(becomeSomebody).toHaveBeenCalledOnce();
  expect(downloads.states?.flac).toEqual({ state: 'waiting', ahead: 2 });
  expect(downloads.announcement).toBe('FLAC waits for 2 others.');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(downloads.states?.flac).toEqual({ state: 'working', done: 0.4 });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(downloads.announcement).toBe('FLAC is ready to download, 3.2 MB.');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(['GET', 'POST', 'GET', 'GET']);
  stop();
});

test('what was there when the page came is shown, and not told as news', async () => {
  const { downloads } = pageWith(flac(ready));
  downloads.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(downloads.states?.flac).toEqual(ready);
  expect(downloads.announcement).toBe('');
});

test('a lost line is said, and the file is looked for again until it is there', async () => {
  const { downloads } = pageWith(flac({ state: 'working', done: 0.9 }), 'no line', flac(ready));
  downloads.follow();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(downloads.problem).toContain('We cannot reach the story');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(downloads.problem).toBe('');
  expect(downloads.states?.flac).toEqual(ready);
});

test('a refusal is told in the server’s words, and nothing is asked again by itself', async () => {
  const words = 'You asked for 20 downloads within an hour.';
  const { downloads, asked } = pageWith(none, new Problem('too_many_requests', words));
  downloads.follow();
  await vi.advanceTimersByTimeAsync(0);
  await downloads.ask('mp3');
  expect(downloads.problem).toBe(words);
  expect(downloads.asking).toBeNull();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(['GET', 'POST']);
});

test('a path that is still being prepared is looked for again by itself', async () => {
  const words = 'This path is still being prepared.';
  const { downloads } = pageWith(new Problem('conflict', words), none);
  downloads.follow();
  await vi.advanceTimersByTimeAsync(0);
  expect(downloads.problem).toBe(words);
  await vi.advanceTimersByTimeAsync(4_000);
  expect([downloads.problem, downloads.states]).toEqual(['', none]);
});

test('a page that is left asks no more', async () => {
  const { downloads, asked } = pageWith(flac({ state: 'working', done: 0 }));
  const stop = downloads.follow();
  await vi.advanceTimersByTimeAsync(1_000);
  stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(['GET', 'GET']);
});
