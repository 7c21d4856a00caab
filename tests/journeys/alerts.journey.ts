// Alerts on a device: one push message for each follower, and one notification for each message.
import type { BrowserContext, CDPSession, Page, Route } from '@playwright/test';
import * as v from 'valibot';
import { alertSchema, takePath, type Alert } from '#domain/protocol/alert.ts';
import { expect } from '../harness/journey.ts';
import { HttpPerson } from './support/http-person.ts';
import { test } from './support/push-app.ts';
import { openStory } from './support/recording.ts';
import { spoken } from './support/sound.ts';

test('a follower’s device gets exactly one message, and nobody one for their own take', async ({
  app,
  pushService,
}) => {
  const [ana, ben, cleo] = await Promise.all(
    ['Ana', 'Ben', 'Cleo'].map((name) => HttpPerson.named(app.origin, name)),
  );
  if (ana === undefined || ben === undefined || cleo === undefined) throw new Error('nobody came');
  const seed = await ana.plantVoice('The night bus', spoken(41, 2));
  await ana.untilMixed(seed);
  const { endpoint, p256dh, auth } = pushService.subscribe();
  // One device each: all three follow the story, Ben by answering it.
  for (const [index, person] of [ana, ben, cleo].entries()) {
    const body = { endpoint: `${endpoint}${index}`, keys: { p256dh, auth } };
    expect((await person.call('POST', '/api/push', { body })).status).toBe(204);
  }
  const followed = await cleo.call('PUT', `/api/stories/${seed.storyId}/follow`);
  expect(followed.status).toBe(204);

  const bens = await ben.branchVoice(seed, spoken(42, 3));
  await expect.poll(() => pushService.received.length).toBe(2);
  for (const { text } of pushService.received) {
    const { notification } = v.parse(alertSchema, JSON.parse(text));
    expect(`${notification.title}: ${notification.body}`).toMatch(/The night bus: .*Ben/u);
    expect(notification.navigate).toBe(app.origin + takePath(seed.slug, bens.takeId));
    expect(notification.tag).toBe(seed.storyId);
  }
  // The next take's messages come after every one of the last: nothing was sent twice.
  const cleos = await cleo.branchWords(seed, 'And I saw it too.');
  await expect.poll(() => pushService.received.length).toBe(4);
  const opened = pushService.received.map(
    ({ text }) => v.parse(alertSchema, JSON.parse(text)).notification.navigate,
  );
  const [first, second] = [bens, cleos].map(
    ({ takeId }) => app.origin + takePath(seed.slug, takeId),
  );
  expect(opened).toEqual([first, first, second, second]);
  expect(pushService.requests).toBe(4);
});

test('an address that is no push service’s is refused, with the reason', async ({ app }) => {
  const ana = await HttpPerson.named(app.origin, 'Ana');
  for (const endpoint of [
    'http://127.0.0.1:1/',
    'https://example.com/',
    'http://169.254.169.254/',
  ]) {
    const body = { endpoint, keys: { p256dh: 'x', auth: 'y' } };
    const answer = await ana.call('POST', '/api/push', { body });
    expect(answer.status).toBe(400);
    expect(answer.problem().code).toBe('bad_request');
  }
});

test('the service worker shows a message as one notification and tells the open page', async ({
  app,
  page,
  context,
}) => {
  await context.grantPermissions(['notifications', 'microphone'], { origin: app.origin });
  await page.goto('/');
  const deliver = await pushInto(page);
  const asked = await watchNotifications(context);
  await page.evaluate(() => {
    const told: unknown[] = [];
    Object.assign(globalThis, { told });
    navigator.serviceWorker.addEventListener('message', ({ data }) => told.push(data));
    navigator.serviceWorker.startMessages();
  });
  const bens = alertOf(app.origin, 'Ben answered Ana’s tail');
  await deliver('not one of ours');
  await deliver(JSON.stringify(bens));
  await expect.poll(asked).toEqual([
    {
      title: bens.notification.title,
      tag: bens.notification.tag,
      url: bens.notification.navigate,
    },
  ]);
  const told = () => page.evaluate(() => (globalThis as unknown as { told: unknown[] }).told);
  await expect.poll(told).toEqual([{ type: 'alert', alert: bens }]);

  // Another alert of the same story takes the place of the first on the screen.
  const lous = alertOf(app.origin, 'Lou answered Ben’s tail');
  await deliver(JSON.stringify(lous));
  await expect.poll(async () => (await asked()).length).toBe(2);
  await expect.poll(told).toHaveLength(2);
  if (await page.evaluate(() => Notification.permission === 'granted')) {
    await expect.poll(() => notificationsOf(page)).toEqual([lous.notification.title]);
  }
});

function alertOf(origin: string, title: string): Alert {
  return {
    web_push: 8030,
    notification: {
      title,
      body: 'The night bus',
      navigate: `${origin}/s/the-night-bus?take=6f9619ff-8b86-4011-b42d-00c04fc964ff`,
      tag: '1f9619ff-8b86-4011-b42d-00c04fc964ff',
      data: { notificationId: '2f9619ff-8b86-4011-b42d-00c04fc964ff' },
    },
  };
}

const registrationsSchema = v.object({
  registrations: v.array(v.object({ registrationId: v.string(), isDeleted: v.boolean() })),
});

/** Once the page's service worker runs: the way to hand it a push message. */
async function pushInto(page: Page): Promise<(data: string) => Promise<void>> {
  const devtools: CDPSession = await page.context().newCDPSession(page);
  const { promise, resolve } = Promise.withResolvers<string>();
  devtools.on('ServiceWorker.workerRegistrationUpdated', (event) => {
    const { registrations } = v.parse(registrationsSchema, event);
    const running = registrations.find(({ isDeleted }) => !isDeleted);
    if (running !== undefined) resolve(running.registrationId);
  });
  await devtools.send('ServiceWorker.enable');
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  const registrationId = await promise;
  const { origin } = new URL(page.url());
  return async (data) => {
    await devtools.send('ServiceWorker.deliverPushMessage', { origin, registrationId, data });
  };
}

interface Asked {
  readonly title: string;
  readonly tag: string | undefined;
  readonly url: unknown;
}

/**
 * What the service worker asks the browser to show from now on. A headless shell shows nothing,
 * whatever was granted; there the asking is all that can be seen.
 */
async function watchNotifications(context: BrowserContext): Promise<() => Promise<Asked[]>> {
  const worker = context.serviceWorkers()[0] ?? (await context.waitForEvent('serviceworker'));
  await worker.evaluate(() => {
    const asked: Asked[] = [];
    Object.assign(globalThis, { asked });
    // oxlint-disable-next-line typescript/unbound-method -- called with its own `this` below
    const { showNotification } = ServiceWorkerRegistration.prototype;
    ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
      const data: unknown = options?.data;
      const url = typeof data === 'object' && data !== null && 'url' in data ? data.url : null;
      asked.push({ title, tag: options?.tag, url });
      return showNotification.call(this, title, options);
    };
  });
  return () => worker.evaluate(() => (globalThis as unknown as { asked: Asked[] }).asked);
}

/** Titles of what this site shows on the screen. */
function notificationsOf(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    return (await registration.getNotifications()).map(({ title }) => title);
  });
}

const unanswered = (route: Route) => route.abort();

test('a follow that does not arrive is told, and the panel is there for another try', async ({
  app,
  page,
}) => {
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const seed = await ana.plantVoice('The last tram', spoken(43, 2));
  await openStory(page, `/s/${seed.slug}`);
  await page.route('**/api/stories/*/follow', unanswered);
  await page.getByRole('button', { name: 'Alert me when The last tram grows' }).click();
  const panel = page.getByRole('group', { name: 'Alerts' });
  await expect(panel.getByRole('alert')).toHaveText(/^That did not reach us\./u);
  await page.unroute('**/api/stories/*/follow', unanswered);
  await panel.getByRole('button', { name: 'Try again' }).click();
  await expect(panel.getByText('You follow The last tram.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel).toBeHidden();
  await page.getByRole('button', { name: 'Following The last tram: settings' }).click();
  await expect(panel.getByText('You follow The last tram.')).toBeVisible();
});

test('whether a device gives alerts is told as unknown also by the tap that follows', async ({
  app,
  page,
}) => {
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const seed = await ana.plantVoice('The last tram', spoken(43, 2));
  // Some browsers within other apps have the one interface and not the other.
  await page.addInitScript(() => Reflect.deleteProperty(globalThis, 'Notification'));
  await openStory(page, `/s/${seed.slug}`);
  const panel = page.getByRole('group', { name: 'Alerts' });
  const refreshed = page.waitForResponse(/__data\.json/u);
  await page.getByRole('button', { name: 'Alert me when The last tram grows' }).click();
  await refreshed;
  await expect(panel.getByText('You follow The last tram.')).toBeVisible();
  await expect(panel.getByRole('button', { name: 'Stop following' })).toBeEnabled();
  await expect(panel.getByRole('alert')).toHaveText(/cannot be told now\./u);
});
