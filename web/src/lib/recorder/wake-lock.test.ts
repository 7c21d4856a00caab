import { expect, test } from 'vitest';
import { WakeLock } from './wake-lock.ts';

/** A screen and a page as a browser has them. */
function device(refuses = false) {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' as const });
  const state = { held: 0, asked: 0 };
  const request = async () => {
    state.asked += 1;
    if (refuses) throw new DOMException('low battery', 'NotAllowedError');
    state.held += 1;
    return { release: async () => void (state.held -= 1) };
  };
  return {
    state,
    page,
    lock: new WakeLock({ wakeLock: { request } }, page as unknown as Document),
  };
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

test('the screen is held on once while somebody records, and let go after it', async () => {
  const { lock, state } = device();
  lock.set(true);
  lock.set(true);
  await settled();
  expect(state).toEqual({ held: 1, asked: 1 });
  lock.set(false);
  await settled();
  expect(state.held).toBe(0);
});

test('a page that comes back asks again; one that does not record does not', async () => {
  const { lock, page, state } = device();
  lock.set(true);
  await settled();
  page.dispatchEvent(new Event('visibilitychange'));
  await settled();
  expect(state).toEqual({ held: 1, asked: 2 });
  lock.set(false);
  page.dispatchEvent(new Event('visibilitychange'));
  await settled();
  expect(state).toEqual({ held: 0, asked: 2 });
});

test('a device that refuses stops nobody', async () => {
  const { lock, state } = device(true);
  lock.set(true);
  lock.set(false);
  await settled();
  expect(state).toEqual({ held: 0, asked: 1 });
});
