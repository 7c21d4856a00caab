// A story's page on a phone: where its parts lie.
import type { Locator } from '@playwright/test';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { openStory } from './support/recording.ts';
import { plantForked } from './support/stories.ts';

const top = async (part: Locator) => (await part.boundingBox())?.y ?? Number.NaN;

test('on a phone nothing lies over the words, which are on the cards, or else beside the tree', async ({
  app,
  page,
}) => {
  const { slug, jos } = await plantForked(app.origin, 'Two ways in words');
  const nia = await HttpPerson.named(app.origin, 'Nia');
  await nia.branchWords(jos, 'And the tide came in.');
  await page.setViewportSize({ width: 390, height: 844 });
  await openStory(page, `/s/${slug}?take=${jos.takeId}`);
  const player = page.getByRole('region', { name: 'Player' });
  const pill = player.getByRole('button', { name: /^Go over to Lou’s branch/u });
  expect(await top(pill)).toBeGreaterThan(await top(player));
  const words = page.getByRole('region', { name: 'Words' });
  await expect(words.getByText('The words are on the cards above.')).toBeVisible();
  await page.getByRole('button', { name: 'Tree' }).click();
  await expect(words.getByText('And the tide came in.')).toBeVisible();
  // The end of the page comes out from under the player.
  const last = page.getByRole('link', { name: 'History of this story' });
  await last.evaluate((link) => link.ownerDocument.defaultView?.scrollTo(0, 100_000));
  expect(await top(last)).toBeLessThan((await top(player)) - 16);
});
