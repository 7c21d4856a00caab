// How an alert reaches people: once, by whatever reaches them.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { eq } from 'drizzle-orm';
import * as v from 'valibot';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { alertSchema } from '#domain/protocol/alert.ts';
import { deliveries, pushSubscriptions, takes } from '#drizzle/schema.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { deliverAlert } from './deliver.ts';
import { follow } from './follow.ts';
import { useAlertedStory } from './testing/alerted-story.ts';

const at = useAlertedStory(freshDatabase);

describe('delivering by Web Push', () => {
  test('shows what happened and opens that take, in every browser of the person', async () => {
    await Promise.all([
      at.subscribe(at.mira, 'a'),
      at.subscribe(at.mira, 'b'),
      at.subscribe(at.jo, 'c'),
    ]);
    const branch = await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    await deliverAlert(at.deps(), id);
    expect(at.push.received).toHaveLength(2);
    for (const { text } of at.push.received) {
      const alert = v.parse(v.pipe(v.string(), v.parseJson(), alertSchema), text);
      expect(alert.notification).toEqual({
        title: 'The lighthouse',
        body: 'Jo answered Mira (0:02)',
        navigate: `https://tap.example/s/${at.story.slug}?take=${branch.takeId}`,
        tag: at.story.storyId,
        data: { notificationId: id },
      });
    }
  });

  test('happens once, however often and in however many places it runs', async () => {
    await Promise.all([at.subscribe(at.mira, 'a'), at.subscribe(at.mira, 'b')]);
    await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    await Promise.all(Array.from({ length: 4 }, () => deliverAlert(at.deps(), id)));
    await deliverAlert(at.deps(), id);
    expect(at.push.received).toHaveLength(2);
    const sent = await at.db.select().from(deliveries).where(eq(deliveries.notificationId, id));
    expect(sent).toHaveLength(2);
  });

  test('is tried again after trouble, for those browsers that it did not reach', async () => {
    await at.subscribe(at.mira, 'a');
    await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    at.push.mood = { status: 503 };
    await expect(deliverAlert(at.deps(), id)).rejects.toBeInstanceOf(AggregateError);
    at.push.mood = 'take';
    await at.subscribe(at.mira, 'b');
    await deliverAlert(at.deps(), id);
    await deliverAlert(at.deps(), id);
    expect(at.push.received).toHaveLength(2);
  });

  test('forgets a browser that is gone', async () => {
    await at.subscribe(at.mira, 'a');
    await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    at.push.mood = { status: 410 };
    await deliverAlert(at.deps(), id);
    const rows = await at.db
      .select()
      .from(pushSubscriptions)
      .where(eq(pushSubscriptions.userId, at.mira.id));
    expect(rows).toEqual([]);
    expect(at.push.requests).toBe(1);
    await deliverAlert(at.deps(), id);
    expect(at.push.requests).toBe(1);
  });

  test('does not trouble the queue with a message that its service refuses', async () => {
    await at.subscribe(at.mira, 'a');
    await at.answer(at.jo);
    at.push.mood = { status: 400 };
    await deliverAlert(at.deps(), await at.onlyLine(at.mira));
    expect(at.push.requests).toBe(1);
  });

  test('leaves out a browser that subscribed with an earlier key of ours', async () => {
    await at.subscribe(at.mira, 'a');
    await at.db
      .update(pushSubscriptions)
      .set({ vapidPublicKey: 'an earlier one' })
      .where(eq(pushSubscriptions.userId, at.mira.id));
    await at.answer(at.jo);
    await deliverAlert(at.deps(), await at.onlyLine(at.mira));
    expect(at.push.requests).toBe(0);
  });

  test('of something that was erased does nothing', async () => {
    await deliverAlert(at.deps(), randomUUID());
    expect(at.push.requests).toBe(0);
  });

  test('names a take without known length, and one’s own take, as a person would', async () => {
    await at.subscribe(at.jo, 'a');
    const first = await at.answer(at.ana);
    await follow(at.db, at.jo.id, at.story.storyId);
    const second = await at.answer(at.ana, first.takeId);
    await at.db
      .update(takes)
      .set({ durationSamples: null, status: 'processing' })
      .where(eq(takes.id, second.takeId));
    await deliverAlert(at.deps(), await at.onlyLine(at.jo));
    expect(at.push.received[0]?.text).toContain('"Ana answered their own take"');
  });
});

describe('delivering by OneSignal', () => {
  let vendor: Server;
  let requests = 0;
  let reply: { status: number; body: object };

  beforeEach(async () => {
    requests = 0;
    reply = { status: 200, body: { id: randomUUID() } };
    vendor = createServer((request, response) => {
      request.resume().on('end', () => {
        requests += 1;
        response.writeHead(reply.status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(reply.body));
      });
    }).listen(0, '127.0.0.1');
    await once(vendor, 'listening');
    const address = vendor.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    at.configure({
      ONESIGNAL_APP_ID: 'app',
      ONESIGNAL_API_KEY: 'key',
      ONESIGNAL_BASE_URL: `http://127.0.0.1:${address.port}`,
    });
    await at.subscribe(at.mira, 'a');
  });

  afterEach(() => {
    vendor.closeAllConnections();
    vendor.close();
  });

  test('is enough where it reaches the person, and happens once', async () => {
    await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    await Promise.all([deliverAlert(at.deps(), id), deliverAlert(at.deps(), id)]);
    await deliverAlert(at.deps(), id);
    expect(requests).toBe(1);
    expect(at.push.requests).toBe(0);
  });

  test.each([
    ['knows no device of theirs', { status: 200, body: { id: '', errors: ['none'] } }],
    ['refuses our key', { status: 403, body: { errors: ['no'] } }],
    ['is down', { status: 503, body: {} }],
  ])('gives way to Web Push where it %s', async (_what, answered) => {
    reply = answered;
    await at.answer(at.jo);
    await deliverAlert(at.deps(), await at.onlyLine(at.mira));
    expect(requests).toBe(1);
    expect(at.push.received).toHaveLength(1);
  });

  test('is worth waiting for where it is down and nothing else reaches the person', async () => {
    reply = { status: 503, body: {} };
    await at.db.delete(pushSubscriptions).where(eq(pushSubscriptions.userId, at.mira.id));
    await at.answer(at.jo);
    const id = await at.onlyLine(at.mira);
    await expect(deliverAlert(at.deps(), id)).rejects.toBeInstanceOf(AggregateError);
    reply = { status: 200, body: { id: randomUUID() } };
    await deliverAlert(at.deps(), id);
    expect(requests).toBe(2);
  });
});
