// Takes that wait on this device, and what is recorded over them meanwhile.
import type { BrowserContext, Page } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { isPlaced } from '#domain/story/take.ts';
import { expect, test } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { inPhase, openStory, recorderOf, speak, startRecording } from './support/recording.ts';
import { spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';
import { readTree } from './support/tree.ts';

const cardsOf = (page: Page) =>
  page.getByRole('region', { name: 'A take of yours on this device' });

/** Ben, whose take over Mira's seed waits for a line. */
async function waiting(
  origin: string,
  context: BrowserContext,
): Promise<{ readonly page: Page; readonly seed: Published }> {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantVoice('The quay', spoken(31, 3));
  await mira.untilMixed(seed);
  await signIn(context, await HttpPerson.named(origin, 'Ben'));
  const page = await context.newPage();
  await openStory(page, `/s/${seed.slug}`);
  await page.getByRole('button', { name: 'Record over the tail' }).click();
  await startRecording(page);
  await speak(page, 5);
  await context.setOffline(true);
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  await expect(cardsOf(page).getByRole('status')).toHaveText(['Kept here. Waiting for network']);
  return { page, seed };
}

/** Files of sound that lie on the device. */
const filesOf = (page: Page): Promise<string[]> =>
  page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    const folder = await root.getDirectoryHandle('takes');
    const names: string[] = [];
    for await (const name of folder.keys()) names.push(name);
    return names;
  });

test('a take that is published while the recorder over it is open is recorded over all the same', async ({
  app,
  openPerson,
}) => {
  const context = await openPerson();
  const { page, seed } = await waiting(app.origin, context);
  const recorder = recorderOf(page);
  await cardsOf(page).getByRole('button', { name: 'Record over it' }).click();
  await expect(recorder.getByRole('heading', { name: 'Record over Ben’s tail' })).toBeVisible();
  await context.setOffline(false);
  await expect(cardsOf(page)).toHaveCount(0);
  await expect.poll(() => filesOf(page)).toEqual([]);
  await startRecording(page);
  await inPhase(page, 'extending');
  await recorder.getByRole('button', { name: /^Stop/u }).click();
  await inPhase(page, 'reviewing');
  await recorder.getByRole('button', { name: 'Publish' }).click();
  const { takes } = await readTree(
    app.origin,
    seed.storyId,
    (tree) => tree.takes.filter(isPlaced).length === 3,
  );
  const [, second, third] = takes.toSorted((a, b) => a.createdAtMs - b.createdAtMs);
  expect(third?.parentId).toBe(second?.id);
});

test('a take that cannot be read is told as such to whoever would record over it', async ({
  app,
  openPerson,
}) => {
  const { page } = await waiting(app.origin, await openPerson());
  await page.evaluate(async () => {
    const root = await navigator.storage.getDirectory();
    await root.removeEntry('takes', { recursive: true });
  });
  await cardsOf(page).getByRole('button', { name: 'Record over it' }).click();
  await expect(page.getByRole('alert')).toHaveText(
    /The take to record over cannot be read on this device\. Nothing is lost\./u,
  );
});
