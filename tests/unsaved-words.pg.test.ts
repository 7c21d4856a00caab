// What becomes of words that a page could not get saved.
import { describe, expect, test } from 'vitest';
import { createSessions } from '#backend/accounts/sessions.ts';
import { eventually, useHouse } from '../collab-server/testing/house.ts';
import { ORIGIN, person, plant } from '../collab-server/testing/world.ts';
import { freshDatabase } from './harness/database.ts';
import { becomes, holdCommits, live, LivePages } from './harness/live-page.ts';

const house = useHouse(freshDatabase);
const pages = new LivePages(house);

test('whoever is signed out is told so, listens on, and writes again as somebody else', async () => {
  const ada = await person(house.fresh, 'Ada');
  const story = await plant(house.fresh, ada.user.id, 'Base.');
  const line = await pages.openLine();
  const page = pages.open(line, story, ada);
  await live(page);
  const hers = page.link.openWords(story.seedId);
  await becomes(hers, 'saved');
  hers.text.insert(0, 'Ada. ');
  await becomes(hers, 'saved');
  await createSessions({ db: house.fresh.db, origin: ORIGIN }).revokeAll(ada.user.id);
  await eventually(() => expect(page.signedOut).toBe(true));
  expect(hers.hasEnded).toBe(true);
  expect(page.lost).toEqual([]);
  // The browser has lost its cookie by now: the server took it away.
  page.who = null;
  page.link.reconnect(null);
  const words = page.link.openWords(story.seedId);
  await eventually(() => expect(words.state).toMatchObject({ status: 'saved', writable: false }));
  const bea = await person(house.fresh, 'Bea');
  page.who = bea;
  page.link.reconnect(bea.user);
  await eventually(() => expect(words.state.writable).toBe(true));
  words.text.insert(0, 'Bea. ');
  await becomes(words, 'saved');
  const reader = pages.open(line, story, bea);
  const read = reader.link.openWords(story.seedId);
  await eventually(() => expect(read.text.toJSON()).toBe('Bea. Ada. Base.'));
});

describe('what somebody wrote and could not get saved', () => {
  test('is set aside when their session ends, and never sent as whoever comes next', async () => {
    const ada = await person(house.fresh, 'Ada');
    const bea = await person(house.fresh, 'Bea');
    const story = await plant(house.fresh, ada.user.id, 'Base.');
    const page = pages.open(await pages.openLine(), story, ada);
    const hers = page.link.openWords(story.seedId);
    await becomes(hers, 'saved');
    page.link.networkChanged(false);
    hers.text.insert(5, ' Unsaved.');
    // The browser has another person's cookie when the line comes back, and the page is still Ada's.
    page.who = bea;
    page.link.networkChanged(true);
    await eventually(() => expect(page.signedOut).toBe(true));
    expect(hers.state.status).not.toBe('saved');
    expect(page.lost).toMatchObject([
      { base: 'Base.', text: 'Base. Unsaved.', why: 'session', person: ada.user },
    ]);
    page.link.reconnect(bea.user);
    const beas = page.link.openWords(story.seedId);
    await becomes(beas, 'saved');
    expect(beas.text.toJSON()).toBe('Base.');
  });

  test('is set aside when the server refuses it, and what others write goes on', async () => {
    const story = await house.plant('Base.');
    const line = await pages.openLine();
    const page = pages.open(line, story, house.mira);
    const other = pages.open(line, story, house.jo);
    const words = page.link.openWords(story.seedId);
    const others = other.link.openWords(story.seedId);
    await becomes(words, 'saved');
    await becomes(others, 'saved');
    // Formatted text is no text of ours: the server takes no such update.
    words.text.insert(5, ' Unfit.', { bold: true });
    await eventually(() => expect(page.lost).toHaveLength(1));
    expect(page.lost).toMatchObject([{ base: 'Base.', text: 'Base. Unfit.', why: 'refused' }]);
    expect(words.hasEnded).toBe(true);
    others.text.insert(0, 'Jo. ');
    await becomes(others, 'saved');
    const again = page.link.openWords(story.seedId);
    await eventually(() => expect(again.text.toJSON()).toBe('Jo. Base.'));
    const [lost] = page.lost;
    await eventually(() => expect(again.state.writable).toBe(true));
    expect(lost !== undefined && again.putBack(lost)).toBe(true);
    await becomes(again, 'saved');
    await eventually(() => expect(others.text.toJSON()).toBe('Jo. Base. Unfit.'));
  });

  test('is said to be late while the server does not store it', async () => {
    const story = await house.plant('Base.');
    const page = pages.open(await pages.openLine(), story, house.mira);
    const words = page.link.openWords(story.seedId);
    await becomes(words, 'saved');
    const release = await holdCommits(house.fresh.url);
    try {
      words.text.insert(5, ' Late.');
      await becomes(words, 'late');
      words.text.insert(11, ' Later.');
      expect(words.state.status).toBe('late');
    } finally {
      await release();
    }
    await becomes(words, 'saved');
  });
});
