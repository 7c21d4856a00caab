import { expect, onTestFinished, test, vi } from 'vitest';
import { takeId, userId, type TakeId, type UserId } from '#domain/story/ids.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import type { Draft } from '../upload/publish.ts';
import { ownTimers } from '../upload/testing/own-timers.ts';
import { DeviceTakeKeeper } from './device-keeper.ts';
import { queuedVoices } from './queued-voices.ts';
import { heldTakes, TakeOpen } from './take-locks.ts';
import type { TakeShelf } from './take-shelf.ts';
import { mira, origin, shelfOf, uuid } from './testing/shelf-apart.ts';

const ben = userId(uuid(6));
const anywhere = () => true;
const file = () => new Blob(['sound'], { type: 'audio/wav' });
const isHeld = async (digit: number) => (await heldTakes()).has(uuid(digit));
const draft = (digit: number): Draft => ({
  takeId: takeId(uuid(digit)),
  place: { kind: 'plant', title: 'The pier' },
  content: { kind: 'voice', file: file() },
});

/** A keeper, and an outbox that withdraws as ours does and delivers nothing. */
function keeperOf(person: () => UserId | null = () => mira) {
  const { shelf } = shelfOf();
  const outbox = {
    deliver: vi.fn<() => Promise<null>>(async () => null),
    withdraw: (id: TakeId) => queuedVoices(shelf).withdrawn(id),
  };
  const settings = { shelf: async () => shelf, outbox, person, place: null };
  return { shelf, outbox, keeper: new DeviceTakeKeeper(settings) };
}

/** Answers what this test asks of a server. */
function serve(fetch: typeof globalThis.fetch): void {
  vi.stubGlobal('fetch', fetch);
  onTestFinished(() => void vi.unstubAllGlobals());
}

test('a take is not published as somebody who signed in after it was recorded', async () => {
  let here: UserId | null = mira;
  const { shelf, outbox, keeper } = keeperOf(() => here);
  await keeper.keepFile(origin(1), file());
  here = ben;
  await expect(keeper.publish(draft(1), {})).rejects.toThrow(Refused);
  expect(outbox.deliver).not.toHaveBeenCalled();
  expect(await shelf.find(takeId(uuid(1)))).toMatchObject({
    state: 'kept',
    origin: { userId: mira },
  });
  here = mira;
  expect(await keeper.publish(draft(1), {})).toEqual({ kind: 'queued' });
  keeper.close();
});

test('a publication that is stopped before it is in the queue does not get there', async () => {
  const { shelf, outbox, keeper } = keeperOf();
  await keeper.keepFile(origin(2), file());
  // Stopped while the file to be sent is looked at.
  const read = shelf.read.bind(shelf);
  vi.spyOn(shelf, 'read').mockImplementation(async (id, part) => {
    await keeper.withdraw(id);
    return read(id, part);
  });
  await expect(keeper.publish(draft(2), {})).rejects.toMatchObject({ name: 'AbortError' });
  expect(outbox.deliver).not.toHaveBeenCalled();
  expect((await shelf.find(takeId(uuid(2))))?.state).toBe('kept');
  keeper.close();
});

test('a take that is still being opened when its recorder closes is open nowhere', async () => {
  const { shelf, keeper } = keeperOf();
  await keeper.keepFile(origin(3), file());
  keeper.close();
  await vi.waitFor(async () => expect(await isHeld(3)).toBe(false));
  const next = new DeviceTakeKeeper({
    shelf: async () => shelf,
    outbox: { deliver: async () => null, withdraw: async () => undefined },
    person: () => mira,
    place: null,
  });
  const opening = next.recover(takeId(uuid(3)), anywhere);
  next.close();
  expect(await opening).toBeNull();
  await vi.waitFor(async () => expect(await isHeld(3)).toBe(false));
});

test('the name that nobody typed for a guest to be renames nobody who publishes it', async () => {
  const { shelf, keeper } = keeperOf(() => null);
  await keeper.keepFile(origin(4), file());
  await keeper.publish({ ...draft(4), name: 'Ann' }, {});
  await queuedVoices(shelf).signed(takeId(uuid(4)), ben);
  expect(await shelf.find(takeId(uuid(4)))).toMatchObject({ name: '', origin: { userId: ben } });
  keeper.close();
});

test('a publication of a take that this device does not keep can be stopped', async () => {
  const keeper = new DeviceTakeKeeper({
    shelf: async () => null,
    outbox: { deliver: async () => null, withdraw: async () => undefined },
    person: () => mira,
    place: null,
  });
  const asked = Promise.withResolvers<void>();
  // A server that never answers.
  serve((_, init) => {
    asked.resolve();
    const { promise, reject } = Promise.withResolvers<Response>();
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
    return promise;
  });
  const publishing = keeper.publish(draft(5), {});
  await asked.promise;
  await keeper.withdraw(takeId(uuid(5)));
  await expect(publishing).rejects.toMatchObject({ name: 'AbortError' });
});

/** A second visit, by whoever is here then. */
const nextVisit = (shelf: TakeShelf, person: UserId | null = mira) =>
  new DeviceTakeKeeper({
    shelf: async () => shelf,
    outbox: { deliver: async () => null, withdraw: async () => undefined },
    person: () => person,
    place: null,
  });

test('what was typed, cut and moved in review comes back with the take', async () => {
  const { shelf, keeper } = keeperOf();
  const id = takeId(uuid(1));
  await keeper.keepFile(origin(1), file());
  const edit = { trim: { fromSamples: 4_800, toSamples: 96_000 }, nudgeMs: -12 };
  for (const words of ['All', 'All aboard', 'All aboard.'])
    keeper.note(id, { name: 'Mira of the quay', title: 'The pier', words }, edit);
  await vi.waitFor(async () => expect((await shelf.find(id))?.words).toBe('All aboard.'));
  keeper.close();
  const next = nextVisit(shelf);
  expect(await next.recover(id, anywhere)).toMatchObject({
    typed: { name: 'Mira of the quay', title: 'The pier', words: 'All aboard.' },
    edit,
  });
  next.close();
});

test('what is noted of a take that is on its way changes nothing of what is sent', async () => {
  const { shelf, keeper } = keeperOf();
  await keeper.keepFile(origin(1), file());
  await keeper.publish({ ...draft(1), name: 'Ann' }, {});
  const before = await shelf.find(takeId(uuid(1)));
  const typed = { name: 'Ben', title: 'Another', words: 'Later.' };
  keeper.note(takeId(uuid(1)), typed, { trim: null, nudgeMs: 3 });
  // Changes are made one after the other.
  await keeper.captured(takeId(uuid(2)), 1, undefined);
  expect(await shelf.find(takeId(uuid(1)))).toEqual(before);
  keeper.close();
});

test('a take that the story refused is in review again, and what is changed then is kept', async () => {
  const { shelf, outbox, keeper } = keeperOf();
  const id = takeId(uuid(1));
  await keeper.keepFile(origin(1), file());
  outbox.deliver.mockRejectedValue(new Refused(403, { code: 'forbidden', message: 'No.' }));
  await expect(keeper.publish(draft(1), {})).rejects.toThrow(Refused);
  // It waits nowhere: the recorder alone tells of it.
  expect((await shelf.find(id))?.state).toBe('kept');
  const typed = { name: '', title: 'The pier', words: 'Once more.' };
  keeper.note(id, typed, { trim: null, nudgeMs: 0 });
  await vi.waitFor(async () => expect((await shelf.find(id))?.words).toBe('Once more.'));
  keeper.close();
});

test('the name that somebody typed is not proposed to anybody else', async () => {
  const { shelf, keeper } = keeperOf(() => null);
  await keeper.keepFile(origin(1), file());
  const typed = { name: 'Ann', title: '', words: 'Once.' };
  keeper.note(takeId(uuid(1)), typed, { trim: null, nudgeMs: 0 });
  await vi.waitFor(async () => expect((await shelf.find(takeId(uuid(1))))?.name).toBe('Ann'));
  keeper.close();
  for (const [person, name] of [
    [mira, ''],
    [null, 'Ann'],
  ] as const) {
    await vi.waitFor(async () => expect(await isHeld(1)).toBe(false));
    const next = nextVisit(shelf, person);
    const recovered = await next.recover(takeId(uuid(1)), anywhere);
    expect(recovered?.typed).toEqual({ ...typed, name });
    next.close();
  }
});

test('a take that belongs elsewhere, or cannot be read, is left as it is and open to others', async () => {
  const { shelf, keeper } = keeperOf();
  const id = takeId(uuid(1));
  await keeper.keepFile(origin(1), file());
  await keeper.publish(draft(1), {});
  keeper.close();
  await vi.waitFor(async () => expect(await isHeld(1)).toBe(false));
  const before = await shelf.find(id);
  const next = nextVisit(shelf);
  expect(await next.recover(id, () => false)).toBeNull();
  await vi.waitFor(async () => expect(await isHeld(1)).toBe(false));
  vi.spyOn(shelf, 'read').mockRejectedValueOnce(new Error('the store is closed'));
  await expect(next.recover(id, anywhere)).rejects.toThrow('the store is closed');
  await vi.waitFor(async () => expect(await isHeld(1)).toBe(false));
  expect(await shelf.find(id)).toEqual(before);
  next.close();
});

test('a take is published from the page where its device hangs', async () => {
  const { shelf, outbox, keeper } = keeperOf();
  onTestFinished(() => keeper.close());
  await keeper.keepFile(origin(1), new Blob(['the whole sound']));
  const writing = Promise.withResolvers<never>();
  vi.spyOn(shelf, 'create').mockReturnValue(writing.promise);
  const passUntil = ownTimers();
  const asked = vi.fn<typeof fetch>().mockRejectedValue(new Error('no line'));
  serve(asked);
  const publishing = keeper.publish(draft(1), {});
  const failed = publishing.catch((error: unknown) => error);
  // Twenty seconds for the device, and all the tries of a line that is down.
  await passUntil(() => asked.mock.calls.length === 6);
  expect(await failed).toBeInstanceOf(Unreachable);
  expect(outbox.deliver).not.toHaveBeenCalled();
  expect((await shelf.find(takeId(uuid(1))))?.state).toBe('kept');
});

test('a take that was published from the page is told so, though its device hangs', async () => {
  const { shelf, keeper } = keeperOf();
  onTestFinished(() => keeper.close());
  await keeper.keepFile(origin(1), new Blob(['the whole sound']));
  const never = Promise.withResolvers<never>().promise;
  vi.spyOn(shelf, 'create').mockReturnValue(never);
  const dropFiles = vi.spyOn(shelf, 'dropFiles').mockReturnValue(never);
  const passUntil = ownTimers();
  const ticket = { uploadId: uuid(7), state: 'complete', partBytes: 1, missing: [] };
  const live = { storyId: uuid(9), slug: 'the-pier', takeId: uuid(1) };
  serve(async (path) => Response.json(path === '/api/stories' ? live : ticket));
  const publishing = keeper.publish(draft(1), {});
  await passUntil(() => dropFiles.mock.calls.length > 0);
  expect(await publishing).toEqual({ kind: 'live', published: live });
  // It is not offered again, and what of it hangs holds up nobody who looks.
  expect((await shelf.find(takeId(uuid(1))))?.state).toBe('live');
  expect(await shelf.content()).toEqual({ takes: [], unreadable: 0 });
});

test('a take goes from one recorder to the next on the same page, and not from another tab', async () => {
  const { shelf, keeper } = keeperOf();
  await keeper.keepFile(origin(1), file());
  const next = nextVisit(shelf);
  await expect(next.recover(takeId(uuid(1)), anywhere)).rejects.toThrow(TakeOpen);
  const handedOn = next.recover(takeId(uuid(1)), anywhere);
  keeper.close();
  expect(await handedOn).toMatchObject({ takeId: uuid(1) });
  next.close();
});
