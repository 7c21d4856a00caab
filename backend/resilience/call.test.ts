import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Guard } from './call.ts';
import { httpFailure, readRetryAfter } from './http-failure.ts';
import { IntegrationError, type IntegrationErrorKind } from './integration-error.ts';

/** By the timers that the tests turn, which `node:timers/promises` is not. */
const sleep = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
const errorOf = (call: Promise<unknown>) => call.catch((error: unknown) => error);

const failing = (kind: IntegrationErrorKind, retryAfterMs?: number) =>
  vi.fn<() => Promise<never>>(async () => {
    throw new IntegrationError(kind, {
      service: 'vendor',
      message: 'no',
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  });

const options = { service: 'vendor', timeoutMs: 1_000, openMs: 30_000 };

describe('a guarded call', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gives back what the attempt gives', async () => {
    expect(await new Guard(options).call(async () => 7)).toBe(7);
  });

  it('ends after its time, aborts the attempt, and says timeout', async () => {
    let seen: AbortSignal | undefined;
    const call = new Guard(options).call(async (signal) => {
      seen = signal;
      await new Promise(() => undefined);
    });
    const ended = errorOf(call);
    await vi.advanceTimersByTimeAsync(999);
    expect(seen?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({ kind: 'timeout', service: 'vendor' });
    expect(seen?.aborted).toBe(true);
  });

  it('ends with the caller’s reason when the caller gives up, which opens no circuit', async () => {
    const guard = new Guard({ ...options, failuresToOpen: 1 });
    for (let count = 0; count < 5; count += 1) {
      const caller = new AbortController();
      const call = guard.call(() => sleep(500), caller.signal);
      caller.abort(new Error('closing'));
      await expect(call).rejects.toThrow('closing');
    }
    expect(guard.available).toBe(true);
    const early = guard.call(async () => 1, AbortSignal.abort(new Error('gone')));
    await expect(early).rejects.toThrow('gone');
  });

  it('makes one attempt, and one more only where that is asked for', async () => {
    const once = failing('transient');
    await expect(new Guard(options).call(once)).rejects.toMatchObject({ kind: 'transient' });
    expect(once).toHaveBeenCalledTimes(1);
    const twice = failing('transient');
    const call = new Guard({ ...options, inlineRetries: 1 }).call(twice);
    const ended = errorOf(call);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await ended).toMatchObject({ kind: 'transient' });
    expect(twice).toHaveBeenCalledTimes(2);
  });

  it('starts no second attempt after three seconds', async () => {
    const slow = vi.fn<() => Promise<never>>(async () => {
      await sleep(3_001);
      throw new IntegrationError('transient', { service: 'vendor', message: 'late' });
    });
    const call = new Guard({ ...options, timeoutMs: 5_000, inlineRetries: 1 }).call(slow);
    const ended = errorOf(call);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await ended).toMatchObject({ kind: 'transient' });
    expect(slow).toHaveBeenCalledTimes(1);
  });

  it('leaves a service alone after three failures, and tries it again later', async () => {
    const guard = new Guard({ ...options, inlineRetries: 1 });
    const attempt = failing('transient');
    for (let count = 0; count < 2; count += 1) {
      const ended = errorOf(guard.call(attempt));
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await ended).toBeInstanceOf(IntegrationError);
    }
    expect(attempt).toHaveBeenCalledTimes(3); // the fourth was not made: the circuit is open
    expect(guard.available).toBe(false);
    const refused = vi.fn<() => Promise<number>>(async () => 1);
    await expect(guard.call(refused)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(refused).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(await guard.call(async () => 'back')).toBe('back');
    expect(guard.available).toBe(true);
  });

  it.each(['rejected', 'auth', 'quota', 'misconfigured'] as const)(
    'neither repeats nor trips on %s',
    async (kind) => {
      const guard = new Guard({ ...options, inlineRetries: 1, failuresToOpen: 1 });
      const attempt = failing(kind);
      for (let count = 0; count < 4; count += 1) {
        await expect(guard.call(attempt)).rejects.toMatchObject({ kind });
      }
      expect(attempt).toHaveBeenCalledTimes(4);
      expect(guard.available).toBe(true);
    },
  );

  it('passes faults of our own on as they are', async () => {
    const fault = new TypeError('ours');
    const call = new Guard(options).call(async () => {
      throw fault;
    });
    await expect(call).rejects.toBe(fault);
  });

  it('pauses exactly as long as it was asked to', async () => {
    const guard = new Guard(options);
    await expect(guard.call(failing('rate_limited', 2_000))).rejects.toMatchObject({
      retryAfterMs: 2_000,
    });
    await vi.advanceTimersByTimeAsync(1_999);
    const early = vi.fn<() => Promise<number>>(async () => 1);
    await expect(guard.call(early)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 1,
    });
    expect(early).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await guard.call(async () => 'on')).toBe('on');
  });

  it('makes no more calls at once than it may, lets as many wait, and refuses the rest', async () => {
    const guard = new Guard({ ...options, concurrency: 2 });
    let running = 0;
    let most = 0;
    const calls = Array.from({ length: 5 }, () =>
      guard.call(async () => {
        running += 1;
        most = Math.max(most, running);
        await sleep(100);
        running -= 1;
      }),
    );
    const settled = Promise.allSettled(calls);
    await vi.advanceTimersByTimeAsync(1_000);
    const results = await settled;
    expect(most).toBe(2);
    expect(results.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 4 }, () => 'fulfilled'),
      'rejected',
    ]);
    expect(results[4]).toMatchObject({ reason: { kind: 'unavailable' } });
  });
});

describe('an HTTP failure', () => {
  it.each([
    [400, 'rejected'],
    [401, 'auth'],
    [402, 'quota'],
    [403, 'auth'],
    [408, 'transient'],
    [413, 'rejected'],
    [429, 'rate_limited'],
    [500, 'transient'],
    [503, 'transient'],
  ] as const)('%i is %s', (status, kind) => {
    expect(httpFailure('vendor', { status, retryAfter: null }).kind).toBe(kind);
  });

  it('reads Retry-After as seconds or as a date, and grants an hour at most', () => {
    const now = Date.parse('2026-01-01T00:00:00Z');
    expect(readRetryAfter('7', now)).toBe(7_000);
    expect(readRetryAfter('Thu, 01 Jan 2026 00:00:09 GMT', now)).toBe(9_000);
    expect(readRetryAfter('Wed, 31 Dec 2025 00:00:00 GMT', now)).toBe(0);
    expect(readRetryAfter('999999999', now)).toBe(3_600_000);
    expect(readRetryAfter('soon', now)).toBeUndefined();
    expect(readRetryAfter(null, now)).toBeUndefined();
  });

  it('pauses a little after a 429 that names no time', () => {
    expect(httpFailure('vendor', { status: 429, retryAfter: null }).retryAfterMs).toBe(1_000);
  });
});
