import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { eq } from 'drizzle-orm';
import webPush from 'web-push';
import * as v from 'valibot';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import { alertSchema } from '#domain/protocol/alert.ts';
import type { Published } from '#domain/protocol/commands.ts';
import { storyId, userId, type UserId } from '#domain/story/ids.ts';
import { readConfig } from '#backend/config.ts';
import { startPushService, type PushService } from '#backend/integrations/push-service.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { branchStory } from '#backend/story/branch.ts';
import { plantStory } from '#backend/story/plant.ts';
import { newTakeId, openPublishing, type Publishing } from '#backend/story/testing/publishing.ts';
import { deliveries, notifications, pushSubscriptions, takes } from '#drizzle/schema.ts';
import { freshDatabase, type FreshDatabase } from '../../tests/harness/database.ts';
import { announceBranch } from './branch-alert.ts';
import { openPushChannels, type PushChannels } from './channels.ts';
import { deliverAlert } from './deliver.ts';
import { follow, isFollowing, unfollow } from './follow.ts';
import { countUnread, markRead, readInbox } from './inbox.ts';
import {
  MAX_SUBSCRIPTIONS,
  removePushSubscription,
  savePushSubscription,
} from './push-subscriptions.ts';

const vapid = webPush.generateVAPIDKeys();

let fresh: FreshDatabase;
let site: Publishing;
let push: PushService;
let channels: PushChannels;
let mira: Person;
let jo: Person;
let ana: Person;
let story: Published;

const environment = () => ({
  ORIGIN: 'https://tap.example',
  VAPID_PUBLIC_KEY: vapid.publicKey,
  VAPID_PRIVATE_KEY: vapid.privateKey,
  WEB_PUSH_EXTRA_HOSTS: push.host,
});

beforeAll(async () => {
  fresh = await freshDatabase();
  site = await openPublishing(fresh);
});

beforeEach(async () => {
  push = await startPushService(vapid.publicKey);
  channels = openPushChannels(readConfig(environment()));
  mira = await site.person('Mira');
  jo = await site.person('Jo');
  ana = await site.person('Ana');
  story = await plantStory(site, mira, {
    takeId: newTakeId(),
    title: 'The lighthouse',
    body: { kind: 'text', words: 'Nobody kept it.' },
  });
});

afterEach(() => push.close());

afterAll(async () => {
  await site.close();
  await fresh.close();
});

const deps = () => ({ db: fresh.db, channels, log: fresh.log });

function answer(by: Person, parentId = story.takeId): Promise<Published> {
  return branchStory(site, by, story.storyId, {
    takeId: newTakeId(),
    parentId,
    body: { kind: 'text', words: 'Somebody did.' },
  });
}

async function subscribe(who: Person, browser: string): Promise<void> {
  const { p256dh, auth } = push.subscribe();
  await savePushSubscription(deps(), who.id, {
    endpoint: `http://${push.host}/send/${browser}`,
    keys: { p256dh, auth },
  });
}

async function onlyLine(who: Person): Promise<string> {
  const lines = await readInbox(fresh.db, who.id);
  expect(lines).toHaveLength(1);
  return lines[0]?.id ?? '';
}

async function jobsFor(notificationId: string): Promise<number> {
  const { rows } = await fresh.pool.query(
    `select 1 from pgboss.job where name = 'alert.deliver' and data->>'notificationId' = $1`,
    [notificationId],
  );
  return rows.length;
}

describe('following', () => {
  test('begins and ends as often as one likes, and comes with a take of one’s own', async () => {
    expect(await isFollowing(fresh.db, mira.id, story.storyId)).toBe(true);
    expect(await isFollowing(fresh.db, jo.id, story.storyId)).toBe(false);
    await follow(fresh.db, jo.id, story.storyId);
    await follow(fresh.db, jo.id, story.storyId);
    expect(await isFollowing(fresh.db, jo.id, story.storyId)).toBe(true);
    await unfollow(fresh.db, jo.id, story.storyId);
    await unfollow(fresh.db, jo.id, story.storyId);
    expect(await isFollowing(fresh.db, jo.id, story.storyId)).toBe(false);
    await answer(ana);
    expect(await isFollowing(fresh.db, ana.id, story.storyId)).toBe(true);
  });

  test('of a story that is not there is refused', async () => {
    await expect(follow(fresh.db, jo.id, storyId(randomUUID()))).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a new branch', () => {
  test('is one line and one job for each follower but its author', async () => {
    await follow(fresh.db, ana.id, story.storyId);
    const branch = await answer(jo);
    const [line] = await readInbox(fresh.db, mira.id);
    expect(line).toMatchObject({
      story: { id: story.storyId, slug: story.slug, title: 'The lighthouse' },
      takeId: branch.takeId,
      author: { id: jo.id, name: 'Jo' },
      answered: { id: mira.id, name: 'Mira' },
      durationSamples: 96_000,
      read: false,
    });
    expect(await jobsFor(line?.id ?? '')).toBe(1);
    expect(await jobsFor(await onlyLine(ana))).toBe(1);
    expect(await readInbox(fresh.db, jo.id)).toEqual([]);
  });

  test('that is announced again adds nothing', async () => {
    const branch = await answer(jo);
    const line = await onlyLine(mira);
    for (let n = 0; n < 2; n += 1) {
      await fresh.db.transaction((tx) => announceBranch(tx, site.queue, branch.takeId));
    }
    await Promise.all(
      Array.from({ length: 5 }, () =>
        fresh.db.transaction((tx) => announceBranch(tx, site.queue, branch.takeId)),
      ),
    );
    expect(await onlyLine(mira)).toBe(line);
    expect(await jobsFor(line)).toBe(1);
  });

  test('by voice is not announced before it can be heard', async () => {
    const body = { kind: 'voice', uploadId: await site.recording(jo, 480_000) };
    const id = newTakeId();
    await branchStory(site, jo, story.storyId, { takeId: id, parentId: story.takeId, body });
    expect(await readInbox(fresh.db, mira.id)).toEqual([]);
  });

  test('is not what a seed is, whoever followed the story before it was ready', async () => {
    await follow(fresh.db, ana.id, story.storyId);
    await fresh.db.transaction((tx) => announceBranch(tx, site.queue, story.takeId));
    expect(await countUnread(fresh.db, ana.id)).toBe(0);
  });

  test('wakes the followers’ pages when it commits', async () => {
    const woken: UserId[] = [];
    const listener = new NoticeListener(
      fresh.url,
      { inbox: (notice) => woken.push(notice.userId) },
      { log: fresh.log },
    );
    await listener.ready;
    await answer(jo);
    await vi.waitFor(() => expect(woken).toEqual([mira.id]), 5_000);
    await listener.close();
  });

  test('reaches a thousand followers in one transaction', async () => {
    const crowd = Array.from({ length: 1_000 }, () => userId(randomUUID()));
    await fresh.pool.query(
      `with person as (
         insert into users (id, name, hue) select id, 'One', 0 from unnest($1::uuid[]) id returning id
       ) select count(*) from person`,
      [crowd],
    );
    await fresh.pool.query(
      `insert into follows (user_id, story_id) select id, $2 from unnest($1::uuid[]) id`,
      [crowd, story.storyId],
    );
    const branch = await answer(jo);
    const lines = await fresh.db
      .select()
      .from(notifications)
      .where(eq(notifications.takeId, branch.takeId));
    expect(lines).toHaveLength(1_001);
  });
});

describe('an inbox', () => {
  test('counts what is unread, and marks one line, one take or all as read', async () => {
    const branches = [];
    for (let n = 0; n < 4; n += 1) branches.push(await answer(jo));
    expect(await countUnread(fresh.db, mira.id)).toBe(4);
    const lines = await readInbox(fresh.db, mira.id);
    expect(lines.map((line) => line.takeId)).toEqual(
      branches.map((branch) => branch.takeId).toReversed(),
    );
    await markRead(fresh.db, mira.id, { id: lines[0]?.id ?? '' });
    expect(await countUnread(fresh.db, mira.id)).toBe(3);
    await markRead(fresh.db, mira.id, { takeId: lines[1]?.takeId ?? newTakeId() });
    expect(await countUnread(fresh.db, mira.id)).toBe(2);
    await markRead(fresh.db, jo.id, 'all');
    await markRead(fresh.db, jo.id, { id: lines[2]?.id ?? '' });
    expect(await countUnread(fresh.db, mira.id)).toBe(2);
    await markRead(fresh.db, mira.id, 'all');
    expect(await countUnread(fresh.db, mira.id)).toBe(0);
    expect((await readInbox(fresh.db, mira.id)).every((line) => line.read)).toBe(true);
  });

  test('goes on where a page ended', async () => {
    for (let n = 0; n < 5; n += 1) await answer(jo);
    const whole = await readInbox(fresh.db, mira.id);
    const first = await readInbox(fresh.db, mira.id, { limit: 2 });
    expect(first).toEqual(whole.slice(0, 2));
    const beforeMs = first[1]?.createdAtMs ?? 0;
    expect(await readInbox(fresh.db, mira.id, { beforeMs })).toEqual(whole.slice(2));
    for (const absurd of [8.64e15, 1e300]) {
      expect(await readInbox(fresh.db, mira.id, { beforeMs: absurd })).toEqual(whole);
    }
  });
});

describe('a browser', () => {
  test('of an unknown push service, or of our own network, is refused', async () => {
    const keys = { p256dh: 'x', auth: 'y' };
    for (const endpoint of ['http://127.0.0.1:1/send', 'https://push.evil.example/x']) {
      await expect(savePushSubscription(deps(), mira.id, { endpoint, keys })).rejects.toMatchObject(
        { code: 'bad_request' },
      );
    }
  });

  test('belongs to whoever subscribed with it last', async () => {
    await subscribe(mira, 'shared');
    await subscribe(mira, 'shared');
    await subscribe(jo, 'shared');
    const rows = await fresh.db.select().from(pushSubscriptions);
    const shared = rows.filter((row) => row.endpoint.endsWith('/shared'));
    expect(shared).toMatchObject([{ userId: jo.id, vapidPublicKey: vapid.publicKey }]);
    const endpoint = shared[0]?.endpoint ?? '';
    await removePushSubscription(fresh.db, mira.id, endpoint);
    expect(await fresh.db.select().from(pushSubscriptions)).toHaveLength(rows.length);
    await removePushSubscription(fresh.db, jo.id, endpoint);
    expect(await fresh.db.select().from(pushSubscriptions)).toHaveLength(rows.length - 1);
  });

  test('takes the place of the oldest where somebody has too many', async () => {
    for (let n = 0; n <= MAX_SUBSCRIPTIONS; n += 1) await subscribe(ana, `ana-${n}`);
    const rows = await fresh.db
      .select()
      .from(pushSubscriptions)
      .where(eq(pushSubscriptions.userId, ana.id));
    expect(rows).toHaveLength(MAX_SUBSCRIPTIONS);
    expect(rows.map((row) => row.endpoint)).not.toContain(`http://${push.host}/send/ana-0`);
  });
});

describe('delivering by Web Push', () => {
  test('shows what happened and opens that take, in every browser of the person', async () => {
    await Promise.all([subscribe(mira, 'a'), subscribe(mira, 'b'), subscribe(jo, 'c')]);
    const branch = await answer(jo);
    const id = await onlyLine(mira);
    await deliverAlert(deps(), id);
    expect(push.received).toHaveLength(2);
    for (const { text } of push.received) {
      const alert = v.parse(v.pipe(v.string(), v.parseJson(), alertSchema), text);
      expect(alert.notification).toEqual({
        title: 'The lighthouse',
        body: 'Jo answered Mira (0:02)',
        navigate: `https://tap.example/s/${story.slug}?take=${branch.takeId}`,
        tag: story.storyId,
        data: { notificationId: id },
      });
    }
  });

  test('happens once, however often and in however many places it runs', async () => {
    await Promise.all([subscribe(mira, 'a'), subscribe(mira, 'b')]);
    await answer(jo);
    const id = await onlyLine(mira);
    await Promise.all(Array.from({ length: 4 }, () => deliverAlert(deps(), id)));
    await deliverAlert(deps(), id);
    expect(push.received).toHaveLength(2);
    const sent = await fresh.db.select().from(deliveries).where(eq(deliveries.notificationId, id));
    expect(sent).toHaveLength(2);
  });

  test('is tried again after trouble, for those browsers that it did not reach', async () => {
    await subscribe(mira, 'a');
    await answer(jo);
    const id = await onlyLine(mira);
    push.mood = { status: 503 };
    await expect(deliverAlert(deps(), id)).rejects.toBeInstanceOf(AggregateError);
    push.mood = 'take';
    await subscribe(mira, 'b');
    await deliverAlert(deps(), id);
    await deliverAlert(deps(), id);
    expect(push.received).toHaveLength(2);
  });

  test('forgets a browser that is gone', async () => {
    await subscribe(mira, 'a');
    await answer(jo);
    const id = await onlyLine(mira);
    push.mood = { status: 410 };
    await deliverAlert(deps(), id);
    const rows = await fresh.db
      .select()
      .from(pushSubscriptions)
      .where(eq(pushSubscriptions.userId, mira.id));
    expect(rows).toEqual([]);
    expect(push.requests).toBe(1);
    await deliverAlert(deps(), id);
    expect(push.requests).toBe(1);
  });

  test('does not trouble the queue with a message that its service refuses', async () => {
    await subscribe(mira, 'a');
    await answer(jo);
    push.mood = { status: 400 };
    await deliverAlert(deps(), await onlyLine(mira));
    expect(push.requests).toBe(1);
  });

  test('leaves out a browser that subscribed with an earlier key of ours', async () => {
    await subscribe(mira, 'a');
    await fresh.db
      .update(pushSubscriptions)
      .set({ vapidPublicKey: 'an earlier one' })
      .where(eq(pushSubscriptions.userId, mira.id));
    await answer(jo);
    await deliverAlert(deps(), await onlyLine(mira));
    expect(push.requests).toBe(0);
  });

  test('of something that was erased does nothing', async () => {
    await deliverAlert(deps(), randomUUID());
    expect(push.requests).toBe(0);
  });

  test('names a take without known length, and one’s own take, as a person would', async () => {
    await subscribe(jo, 'a');
    const first = await answer(ana);
    await follow(fresh.db, jo.id, story.storyId);
    const second = await answer(ana, first.takeId);
    await fresh.db
      .update(takes)
      .set({ durationSamples: null, status: 'processing' })
      .where(eq(takes.id, second.takeId));
    await deliverAlert(deps(), await onlyLine(jo));
    expect(push.received[0]?.text).toContain('"Ana answered their own take"');
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
    channels = openPushChannels(
      readConfig({
        ...environment(),
        ONESIGNAL_APP_ID: 'app',
        ONESIGNAL_API_KEY: 'key',
        ONESIGNAL_BASE_URL: `http://127.0.0.1:${address.port}`,
      }),
    );
    await subscribe(mira, 'a');
  });

  afterEach(() => {
    vendor.closeAllConnections();
    vendor.close();
  });

  test('is enough where it reaches the person, and happens once', async () => {
    await answer(jo);
    const id = await onlyLine(mira);
    await Promise.all([deliverAlert(deps(), id), deliverAlert(deps(), id)]);
    await deliverAlert(deps(), id);
    expect(requests).toBe(1);
    expect(push.requests).toBe(0);
  });

  test.each([
    ['knows no device of theirs', { status: 200, body: { id: '', errors: ['none'] } }],
    ['refuses our key', { status: 403, body: { errors: ['no'] } }],
    ['is down', { status: 503, body: {} }],
  ])('gives way to Web Push where it %s', async (_what, answered) => {
    reply = answered;
    await answer(jo);
    await deliverAlert(deps(), await onlyLine(mira));
    expect(requests).toBe(1);
    expect(push.received).toHaveLength(1);
  });

  test('is worth waiting for where it is down and nothing else reaches the person', async () => {
    reply = { status: 503, body: {} };
    await fresh.db.delete(pushSubscriptions).where(eq(pushSubscriptions.userId, mira.id));
    await answer(jo);
    const id = await onlyLine(mira);
    await expect(deliverAlert(deps(), id)).rejects.toBeInstanceOf(AggregateError);
    reply = { status: 200, body: { id: randomUUID() } };
    await deliverAlert(deps(), id);
    expect(requests).toBe(2);
  });
});
