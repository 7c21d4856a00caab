// The browsers by which somebody can be at.
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import { pushSubscriptions } from '#drizzle/schema.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import {
  MAX_SUBSCRIPTIONS,
  removePushSubscription,
  savePushSubscription,
} from './push-subscriptions.ts';
import { useAlertedStory, vapid } from './testing/alerted-story.ts';

const at = useAlertedStory(freshDatabase);

describe('a browser', () => {
  test('of an unknown push service, or of our own network, is refused', async () => {
    const keys = { p256dh: 'x', auth: 'y' };
    for (const endpoint of ['http://127.0.0.1:1/send', 'https://push.evil.example/x']) {
      await expect(
        savePushSubscription(at.deps(), at.mira.id, { endpoint, keys }),
      ).rejects.toMatchObject({ code: 'bad_request' });
    }
  });

  test('belongs to whoever subscribed with it last', async () => {
    await at.subscribe(at.mira, 'shared');
    await at.subscribe(at.mira, 'shared');
    await at.subscribe(at.jo, 'shared');
    const rows = await at.db.select().from(pushSubscriptions);
    const shared = rows.filter((row) => row.endpoint.endsWith('/shared'));
    expect(shared).toMatchObject([{ userId: at.jo.id, vapidPublicKey: vapid.publicKey }]);
    const endpoint = shared[0]?.endpoint ?? '';
    await removePushSubscription(at.db, at.mira.id, endpoint);
    expect(await at.db.select().from(pushSubscriptions)).toHaveLength(rows.length);
    await removePushSubscription(at.db, at.jo.id, endpoint);
    expect(await at.db.select().from(pushSubscriptions)).toHaveLength(rows.length - 1);
  });

  test('takes the place of the oldest where somebody has too many', async () => {
    for (let n = 0; n <= MAX_SUBSCRIPTIONS; n += 1) await at.subscribe(at.ana, `ana-${n}`);
    const rows = await at.db
      .select()
      .from(pushSubscriptions)
      .where(eq(pushSubscriptions.userId, at.ana.id));
    expect(rows).toHaveLength(MAX_SUBSCRIPTIONS);
    expect(rows.map((row) => row.endpoint)).not.toContain(`http://${at.push.host}/send/ana-0`);
  });
});
