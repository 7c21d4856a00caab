// A worker that has stored a take and does not render it, for as long as a test needs that.
import { expect } from '@playwright/test';
import * as v from 'valibot';
import type { Published } from '#domain/protocol/commands.ts';
import { playlistSchema, type Playlist } from '#domain/protocol/playlist.ts';
import type { RunningApp } from '../../harness/app.ts';
import { childNamed } from '../../harness/processes.ts';
import type { HttpPerson } from './http-person.ts';

/** The worker may be quicker than the test that stops it: tried again with another take. */
const MOST_TRIES = 4;

/** The playlist of the path to a take; null while nothing of it can be heard. */
export async function playlistOf(
  person: HttpPerson,
  { takeId }: Published,
): Promise<Playlist | null> {
  const answer = await person.call('GET', `/api/takes/${takeId}/playlist`);
  return answer.status === 200 ? v.parse(playlistSchema, answer.json()) : null;
}

export interface Unmixed {
  readonly leaf: Published;
  /** Lets the worker go on. Call it in any case. */
  readonly render: () => void;
}

/** Publishes with `branch` until the take is stored and the worker stands before its mix. */
export async function unmixed(
  app: RunningApp,
  person: HttpPerson,
  branch: () => Promise<Published>,
): Promise<Unmixed> {
  const { pid } = childNamed(app.pid, 'media-worker/main.ts');
  for (let tries = 1; ; tries += 1) {
    const leaf = await branch();
    const isStored = async () => ((await playlistOf(person, leaf))?.rough.unmixed ?? 0) > 0;
    await expect.poll(isStored, { intervals: [20] }).toBe(true);
    process.kill(pid, 'SIGSTOP');
    const render = (): void => void process.kill(pid, 'SIGCONT');
    if (await isStored()) return { leaf, render };
    render();
    expect(tries, 'times that the worker was quicker').toBeLessThan(MOST_TRIES);
  }
}
