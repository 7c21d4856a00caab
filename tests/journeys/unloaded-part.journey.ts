// A part of a story's page that does not load: what one records and writes with.
import { expect, test } from '../harness/journey.ts';
import { openStory } from './support/recording.ts';
import { plantForked } from './support/stories.ts';

// It would have the part from its cache.
test.use({ serviceWorkers: 'block' });

/** Words that only the part for answering has. */
const OF_COMPOSER = 'What one writes with did not load';

for (const size of [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
]) {
  test(`at ${size.width} wide a composer that does not load says so, and gives the player back`, async ({
    app,
    page,
  }) => {
    const { slug, jos } = await plantForked(app.origin, `Not loaded ${size.width}`);
    await page.setViewportSize(size);
    await page.route('**/_app/immutable/**', async (route) => {
      const response = await route.fetch();
      if ((await response.text()).includes(OF_COMPOSER)) await route.abort();
      else await route.fulfill({ response });
    });
    await openStory(page, `/s/${slug}?take=${jos.takeId}`);
    const record = page.getByRole('region', { name: 'Player' }).getByRole('button', {
      name: 'Record',
    });
    await record.click();
    const says = page.getByText('did not load. Your drafts and takes are safe.');
    await expect(says).toBeInViewport();
    await page.getByRole('button', { name: 'Back' }).click();
    await expect(record).toBeFocused();
  });
}
