// The app with a push service of its own on this machine, which it may post to.
import webPush from 'web-push';
import { startPushService, type PushService } from '#backend/integrations/push-service.ts';
import { startApp, type RunningApp } from '../../harness/app.ts';
import { test as journey } from '../../harness/journey.ts';

interface PerWorker {
  readonly pushService: PushService;
  readonly app: RunningApp;
}

export const test = journey.extend<object, PerWorker>({
  pushService: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures' names from here
    async ({}, use) => {
      const service = await startPushService(vapid.publicKey);
      await use(service);
      await service.close();
    },
    { scope: 'worker' },
  ],
  app: [
    async ({ pushService }, use) => {
      const app = await startApp({
        env: {
          WEB_PUSH_EXTRA_HOSTS: pushService.host,
          VAPID_PUBLIC_KEY: vapid.publicKey,
          VAPID_PRIVATE_KEY: vapid.privateKey,
        },
      });
      await use(app);
      await app.stop();
    },
    { scope: 'worker', timeout: 180_000 },
  ],
});

const vapid = webPush.generateVAPIDKeys();
