// People of a story: likes lead Play, hidden takes are tombstones, titles change, roles bind.
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { spoken } from './support/sound.ts';
import { plantForked, signIn } from './support/stories.ts';

const leafOf = (page: Page) =>
  page.locator('audio').evaluate((audio: HTMLAudioElement) => audio.dataset['leaf']);

const idOf = async (person: HttpPerson): Promise<string> => {
  const answer = await person.call('PATCH', '/api/session', { body: {} });
  return JSON.stringify(answer.json()).match(/"id":"([0-9a-f-]{36})"/u)?.[1] ?? '';
};

test('likes lead the path that Play follows, live', async ({ app, page, openPerson }) => {
  const { slug, jos, lous } = await plantForked(app.origin, 'Hearts');
  await openStory(page, `/s/${slug}`);
  await expect.poll(() => leafOf(page)).toBe(jos.takeId);

  // Somebody without a name likes by key, and becomes a guest by it.
  const other = await (await openPerson()).newPage();
  await openStory(other, `/s/${slug}?take=${lous.takeId}`);
  const heart = other.getByRole('complementary').getByRole('button', { name: /Like Lou’s take/u });
  await expect(heart).toHaveAttribute('aria-pressed', 'false');
  await other.keyboard.press('h');
  await expect(heart).toHaveAttribute('aria-pressed', 'true');
  await expect(heart).toHaveText('1');

  await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
  await expect.poll(() => leafOf(page)).toBe(lous.takeId);

  // Whoever listens is not led away.
  await page.getByRole('button', { name: 'Play this path' }).click();
  await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
  await heart.click();
  await expect(heart).toHaveText('0');
  await expect(
    page.getByRole('complementary').getByRole('button', { name: 'Like Lou’s take, 0 likes' }),
  ).toBeVisible();
  await expect(page.getByText('To Lou’s ending', { exact: true })).toBeVisible();
});

test('a take that is hidden is a tombstone at once, and its sound is not served', async ({
  app,
  page,
  openPerson,
}) => {
  const { slug, mira, jos } = await plantForked(app.origin, 'Hidden');
  const sam = await HttpPerson.named(app.origin, 'Sam');
  const below = await sam.branchVoice(jos, spoken(24, 9));
  await mira.untilMixed(below);
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  const whole = await sam.call('GET', `/api/takes/${below.takeId}/path`);

  const miras = await openPerson();
  await signIn(miras, mira);
  const hers = await miras.newPage();
  await openStory(hers, `/s/${slug}?take=${jos.takeId}`);
  await hers.getByLabel('More for Jo’s take').click();
  await hers.getByRole('button', { name: 'Hide this take' }).click();
  await expect(hers.getByText('This take is hidden: only its author')).toBeVisible();

  await expect(page.getByText('This take was hidden. What answers it')).toBeVisible();
  // The path goes on below it, and so does the player.
  await expect(page.getByText('To Sam’s ending', { exact: true })).toBeVisible();
  expect(await leafOf(page)).toBe(below.takeId);
  await expect(page.getByRole('treeitem', { name: /^Sam/u })).toBeVisible();

  for (const path of ['stem', 'peaks', 'words']) {
    const answer = await sam.call('GET', `/api/takes/${jos.takeId}/${path}`);
    expect(`${path} ${answer.status}`).toBe(`${path} 404`);
  }
  // What Sam is given of his own path is another mix, as far as it is rendered by now.
  const cut = await sam.call('GET', `/api/takes/${below.takeId}/path`);
  expect(cut.status).toBe(200);
  expect(Buffer.compare(cut.bytes, whole.bytes)).not.toBe(0);
  const forMira = await mira.call('GET', `/api/takes/${below.takeId}/path`);
  expect(forMira.bytes.byteLength).toBe(whole.bytes.byteLength);

  await hers.getByLabel('More for Jo’s take').click();
  await hers.getByRole('button', { name: 'Show this take again' }).click();
  await expect(page.getByText('This take was hidden. What answers it')).toBeHidden();
});

test('a title that is changed is changed on every page', async ({ app, page, openPerson }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const { slug } = await mira.plantWords('Before', 'Once there was a title.');
  await openStory(page, `/s/${slug}`);
  await expect(page.getByLabel('More for this story')).toBeHidden();

  const miras = await openPerson();
  await signIn(miras, mira);
  const hers = await miras.newPage();
  await openStory(hers, `/s/${slug}`);
  await hers.getByLabel('More for this story').click();
  await hers.getByLabel('Title').fill('After');
  await hers.getByRole('button', { name: 'Save title' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('After');
  await expect(hers.getByRole('heading', { level: 1 })).toHaveText('After');
});

test('a listener is refused, on the page and at the door', async ({ app, openPerson }) => {
  const [mira, jo] = await Promise.all([
    HttpPerson.named(app.origin, 'Mira'),
    HttpPerson.named(app.origin, 'Jo'),
  ]);
  const seed = await mira.plantWords('For few', 'Once there was a door.');
  const miras = await openPerson();
  await signIn(miras, mira);
  const hers = await miras.newPage();
  await hers.goto(`/s/${seed.slug}/settings/people`);
  await hers.getByLabel('Their code').fill(await idOf(jo));
  await hers.getByLabel('Role of the one you add').selectOption('listener');
  await hers.getByRole('button', { name: 'Add' }).click();
  await expect(hers.getByLabel('Role of Jo', { exact: true })).toHaveValue('listener');
  const { violations } = await new AxeBuilder({ page: hers }).analyze();
  expect(violations.map(({ id }) => id)).toEqual([]);

  const jos = await openPerson();
  await signIn(jos, jo);
  const his = await jos.newPage();
  await openStory(his, `/s/${seed.slug}`);
  await expect(his.getByText('You listen to this story')).toBeVisible();
  await expect(
    his.getByRole('complementary').getByRole('button', { name: /Like Mira’s take/u }),
  ).toBeDisabled();
  expect((await his.goto(`/s/${seed.slug}/settings/people`))?.status()).toBe(404);

  const body = {
    takeId: crypto.randomUUID(),
    parentId: seed.takeId,
    body: { kind: 'text', words: 'x' },
  };
  expect((await jo.call('POST', `/api/stories/${seed.storyId}/takes`, { body })).status).toBe(404);
});

test('forged roles, likes and ownership are refused at the door', async ({ app }) => {
  const [mira, jo] = await Promise.all([
    HttpPerson.named(app.origin, 'Mira'),
    HttpPerson.named(app.origin, 'Jo'),
  ]);
  const nobody = new HttpPerson(app.origin);
  const seed = await mira.plantWords('Mine', 'Once there was an owner.');
  const [miras, jos] = await Promise.all([idOf(mira), idOf(jo)]);
  const story = `/api/stories/${seed.storyId}`;
  const take = `/api/takes/${seed.takeId}`;
  const nowhere = crypto.randomUUID();
  const tries: [HttpPerson, string, string, unknown, number][] = [
    [jo, 'PATCH', story, { title: 'His' }, 404],
    [jo, 'PATCH', `/api/stories/${nowhere}`, { title: 'His' }, 404],
    [jo, 'PATCH', story, { openness: 'members' }, 404],
    [jo, 'PATCH', story, { title: 'His', ownerId: jos }, 400],
    [mira, 'PATCH', story, { title: 'Hers', ownerId: miras }, 400],
    [mira, 'PATCH', story, { title: 'Hers', openness: 'members' }, 400],
    [mira, 'PATCH', story, { title: ' ' }, 400],
    [mira, 'PATCH', story, {}, 400],
    [jo, 'PUT', `${story}/members/${jos}`, { role: 'keeper' }, 404],
    [jo, 'DELETE', `${story}/members/${miras}`, undefined, 404],
    [mira, 'PUT', `${story}/members/${jos}`, { role: 'owner' }, 400],
    [mira, 'PUT', `${story}/members/${miras}`, { role: 'listener' }, 409],
    [mira, 'PUT', `${story}/members/${nowhere}`, { role: 'teller' }, 404],
    [jo, 'PUT', `${take}/hidden`, undefined, 404],
    [jo, 'PUT', `${take}/like`, { userId: miras }, 400],
    [jo, 'PUT', `${take}/like`, { likes: 99 }, 400],
    [jo, 'PUT', `/api/takes/${nowhere}/like`, undefined, 404],
    [nobody, 'PUT', `${take}/like`, undefined, 401],
    [nobody, 'PUT', `${take}/hidden`, undefined, 401],
    [nobody, 'PATCH', story, { title: 'Nobody’s' }, 401],
    [nobody, 'PUT', `${story}/members/${jos}`, { role: 'keeper' }, 401],
  ];
  for (const [who, method, path, body, status] of tries) {
    const answer = await who.call(method, path, { body });
    expect(`${method} ${path} ${JSON.stringify(body)} ${answer.status}`).toBe(
      `${method} ${path} ${JSON.stringify(body)} ${status}`,
    );
  }
  const foreign = await mira.call('PATCH', story, {
    body: { title: 'Taken' },
    headers: { origin: 'https://elsewhere.example' },
  });
  expect(foreign.status).toBe(403);
  const page = await mira.call('GET', `/s/${seed.slug}`);
  expect(new TextDecoder().decode(page.bytes)).toContain('<title>Mine');
});
