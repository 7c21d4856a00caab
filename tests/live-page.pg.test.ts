// What a page shows of a story, against a real collab-server on a line that can be cut.
import { describe, expect, test, vi } from 'vitest';
import { notify } from '#backend/postgres/notices.ts';
import { eventually, useHouse } from '../collab-server/testing/house.ts';
import { publishTake } from '../collab-server/testing/world.ts';
import { freshDatabase } from './harness/database.ts';
import { becomes, live, LivePages, names } from './harness/live-page.ts';

const house = useHouse(freshDatabase);
const pages = new LivePages(house);

describe('a page', () => {
  test('of a listener shows the tree, and a take that is published meanwhile', async () => {
    const story = await house.plant();
    const page = pages.open(await pages.openLine(), story, null);
    await live(page);
    expect(page.view?.takes.map(({ id }) => id)).toEqual([story.seedId]);
    expect(page.view?.voices.get(house.mira.user.id)?.name).toBe('Mira');
    const branch = await publishTake(house.fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: house.jo.user.id,
    });
    await eventually(() => expect(page.view?.takes.map(({ id }) => id)).toContain(branch));
    expect(page.view?.meta?.revision).toBe(2);
  });

  test('hears how far the worker is, even as a listener', async () => {
    const story = await house.plant();
    const page = pages.open(await pages.openLine(), story, null);
    await live(page);
    const notice = { type: 'progress', takeId: story.seedId, stage: 'render', done: 0.5 } as const;
    await house.fresh.db.transaction((tx) =>
      notify(tx, 'take_progress', { storyId: story.storyId, notice }),
    );
    await eventually(() => expect(page.notices).toEqual([notice]));
  });

  test('shows others once each, what they record over, and when they are away', async () => {
    const story = await house.plant();
    const line = await pages.openLine();
    const [first, second, jos, listener] = [
      pages.open(line, story, house.mira),
      pages.open(line, story, house.mira),
      pages.open(line, story, house.jo),
      pages.open(line, story, null),
    ];
    for (const page of [first, second, jos, listener]) await live(page);
    await eventually(() => expect(names(jos)).toEqual(['Mira']));
    await eventually(() => expect(names(listener)).toEqual(['Jo', 'Mira']));
    await eventually(() => expect(names(first)).toEqual(['Jo']));
    second.link.recordingOver(story.seedId);
    await eventually(() => expect(jos.others[0]?.recordingOver).toBe(story.seedId));
    second.link.recordingOver(null);
    await eventually(() =>
      expect(jos.others.map(({ recordingOver }) => recordingOver ?? null)).toEqual([null]),
    );
    jos.link.setAway(true);
    await eventually(() => expect(names(first)).toEqual([]));
    jos.link.setAway(false);
    await eventually(() => expect(names(first)).toEqual(['Jo']));
  });

  test('of a listener who became a guest is seen by others, and may write', async () => {
    const story = await house.plant('Once');
    const line = await pages.openLine();
    const miras = pages.open(line, story, house.mira);
    const page = pages.open(line, story, null);
    await live(miras);
    await live(page);
    const words = page.link.openWords(story.seedId);
    await becomes(words, 'saved');
    expect(words.state.writable).toBe(false);
    expect(names(miras)).toEqual([]);
    page.who = house.jo;
    page.link.reconnect(house.jo.user);
    await eventually(() => expect(names(miras)).toEqual(['Jo']));
    await eventually(() => expect(words.state.writable).toBe(true));
    words.text.insert(4, ' upon');
    await becomes(words, 'saved');
    const hers = miras.link.openWords(story.seedId);
    await eventually(() => expect(hers.text.toJSON()).toBe('Once upon'));
  });

  test('says that it is offline, catches up, and is live again', async () => {
    const story = await house.plant();
    const line = await pages.openLine();
    const page = pages.open(line, story, null);
    await live(page);
    line.cut();
    await eventually(() => expect(page.connection).toBe('offline'));
    const missed = await publishTake(house.fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: house.jo.user.id,
    });
    line.heal();
    await live(page);
    expect(page.view?.takes.map(({ id }) => id)).toContain(missed);
  });

  test('is seen by the others again as soon as its line is back', async () => {
    const story = await house.plant();
    const line = await pages.openLine();
    const miras = pages.open(await pages.openLine(), story, house.mira);
    const jos = pages.open(line, story, house.jo);
    await eventually(() => expect(names(miras)).toEqual(['Jo']));
    line.cut();
    await eventually(() => expect(names(miras)).toEqual([]));
    line.heal();
    await live(jos);
    // By the next message about everybody, which comes every twelve seconds, anybody would be.
    const seen = () => expect(names(miras)).toEqual(['Jo']);
    await vi.waitFor(seen, { timeout: 10_000, interval: 10 });
  });
});
