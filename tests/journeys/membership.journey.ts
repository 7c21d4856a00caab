// What changes for those who are in a story while it changes: their role, and whether it is there.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { signIn } from './support/stories.ts';

/** A page that was told to wait comes back by itself, but takes its time. */
const BACK_MS = 90_000;

const idOf = async (person: HttpPerson): Promise<string> => {
  const answer = await person.call('PATCH', '/api/session', { body: {} });
  return JSON.stringify(answer.json()).match(/"id":"([0-9a-f-]{36})"/u)?.[1] ?? '';
};

test('a role that changes is seen at once by whom it is, without a reload', async ({
  app,
  page,
  openPerson,
}) => {
  const [mira, jo] = await Promise.all([
    HttpPerson.named(app.origin, 'Mira'),
    HttpPerson.named(app.origin, 'Jo'),
  ]);
  const seed = await mira.plantWords('Doors', 'Once there was a door.');
  const jos = await openPerson();
  await signIn(jos, jo);
  const his = await jos.newPage();
  await openStory(his, `/s/${seed.slug}`);
  const like = his.getByRole('complementary').getByRole('button', { name: /Like Mira’s take/u });
  await expect(like).toBeEnabled();

  const members = `/api/stories/${seed.storyId}/members/${await idOf(jo)}`;
  expect((await mira.call('PUT', members, { body: { role: 'listener' } })).status).toBe(204);
  await expect(his.getByText('You listen to this story')).toBeVisible();
  await expect(like).toBeDisabled();
  await expect(his.getByText('What you may do in this story has changed.')).toBeAttached();
  expect((await mira.call('PUT', members, { body: { role: 'keeper' } })).status).toBe(204);
  await expect(like).toBeEnabled();
  // Keepers may give the story another title: the menu is there for it now.
  await expect(his.getByLabel('More for this story')).toBeVisible();
  await page.goto('/');
});

test('a story that its owner deletes is gone for those inside, and comes back as it was', async ({
  app,
  page,
  openPerson,
}) => {
  test.setTimeout(300_000);
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const seed = await mira.plantWords('Sandcastle', 'Once there was a castle of sand.');
  await openStory(page, `/s/${seed.slug}`);

  const miras = await openPerson();
  await signIn(miras, mira);
  const hers = await miras.newPage();
  await openStory(hers, `/s/${seed.slug}`);
  await hers.getByLabel('More for this story').click();
  await hers.getByRole('button', { name: 'Delete this story' }).click();
  const dialog = hers.getByRole('dialog');
  await expect(dialog).toContainText('you can bring it back');
  expect((await new AxeBuilder({ page: hers }).analyze()).violations.map(({ id }) => id)).toEqual(
    [],
  );
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await expect(dialog).toBeHidden();
  await hers.getByRole('button', { name: 'Delete this story' }).click();
  await dialog.getByRole('button', { name: 'Delete the story' }).click();
  await expect(hers.getByRole('heading', { name: 'Deleted stories' })).toBeVisible();

  await expect(page.getByRole('alert')).toContainText('This story was deleted');
  await expect(page.getByRole('button', { name: 'Write', exact: true }).first()).toBeDisabled();
  const nobody = new HttpPerson(app.origin);
  expect((await nobody.call('GET', `/s/${seed.slug}`)).status).toBe(410);
  for (const path of ['path', 'words', 'peaks']) {
    const answer = await mira.call('GET', `/api/takes/${seed.takeId}/${path}`);
    expect(`${path} ${answer.status}`).toBe(`${path} 404`);
  }
  const other = await (await openPerson()).newPage();
  await other.goto('/');
  await expect(other.getByRole('link', { name: /Sandcastle/u })).toHaveCount(0);
  await other.goto(`/s/${seed.slug}`);
  await expect(other.getByText('This story was deleted by the person')).toBeVisible();

  expect((await new AxeBuilder({ page: hers }).analyze()).violations.map(({ id }) => id)).toEqual(
    [],
  );
  await hers.getByRole('button', { name: 'Bring back Sandcastle' }).click();
  await expect(hers.getByRole('heading', { name: 'Deleted stories' })).toBeHidden();
  await expect(page.getByRole('alert')).toBeHidden({ timeout: BACK_MS });
  await openStory(other, `/s/${seed.slug}`);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Sandcastle');
});
