// Which takes some tab has open: while one does, no other offers, sends or deletes it.
import type { TakeId } from '#domain/story/ids.ts';

const PREFIX = 'tap-take:';

/** The take is open in another tab, or elsewhere on this page. */
export class TakeOpen extends Error {
  override readonly name = 'TakeOpen';
}

/**
 * Says to all tabs that a take is open here, until the function that it resolves to is called, or
 * the tab is gone, however it went.
 * @param patienceMs how long to wait for whoever has it open and may be about to let go
 * @throws {TakeOpen}
 */
export async function holdTake(id: TakeId, patienceMs = 0): Promise<() => void> {
  // Browsers have no locks on plain HTTP, where there is no microphone either.
  if (!('locks' in navigator)) return () => undefined;
  const held = Promise.withResolvers<boolean>();
  const done = Promise.withResolvers<void>();
  const how =
    patienceMs === 0 ? { ifAvailable: true } : { signal: AbortSignal.timeout(patienceMs) };
  const given = navigator.locks.request(PREFIX + id, how, async (lock) => {
    held.resolve(lock !== null);
    if (lock !== null) await done.promise;
  });
  void given.catch(() => held.resolve(false));
  if (!(await held.promise)) throw new TakeOpen(`${id} is open`);
  return () => done.resolve();
}

/** The takes that are open now, in any tab. */
export async function heldTakes(): Promise<ReadonlySet<string>> {
  if (!('locks' in navigator)) return new Set();
  const { held = [] } = await navigator.locks.query();
  const names = held.flatMap(({ name }) => (name?.startsWith(PREFIX) ? [name] : []));
  return new Set(names.map((name) => name.slice(PREFIX.length)));
}
