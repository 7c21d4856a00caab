import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import webPush from 'web-push';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { assertPushEndpoint, isPublicAddress, readExtraHosts } from './push-endpoint.ts';
import { startPushService, type PushService } from './push-service.ts';
import { WebPushChannel, type WebPushOptions } from './web-push.ts';

const keys = webPush.generateVAPIDKeys();
const vapid = { ...keys, subject: 'mailto:operator@tap-story.invalid' };
const storyId = randomUUID();
const message = {
  id: randomUUID(),
  title: 'New branch',
  body: 'Mia added «rain»',
  url: 'https://tap.example/s/rain',
  storyId,
};

describe('web push', () => {
  let service: PushService;
  let channel: WebPushChannel;
  const open = (options: Partial<WebPushOptions> = {}) =>
    new WebPushChannel({ vapid, extraHosts: [service.host], ...options });
  beforeAll(async () => {
    service = await startPushService(keys.publicKey);
  });
  afterAll(() => service.close());
  beforeEach(() => {
    service.mood = 'take';
    channel = open();
  });

  it('reaches the browser: encrypted for it, signed by us', async () => {
    expect(await channel.send(message, service.subscribe())).toBe('sent');
    const push = service.received.at(-1);
    expect(JSON.parse(push?.text ?? '')).toEqual({
      web_push: 8030,
      notification: {
        title: 'New branch',
        body: 'Mia added «rain»',
        navigate: 'https://tap.example/s/rain',
        tag: storyId,
        data: { notificationId: message.id },
      },
    });
    expect(push?.claims).toMatchObject({ aud: `http://${service.host}`, sub: vapid.subject });
    expect(push?.headers).toMatchObject({ ttl: '86400', 'content-encoding': 'aes128gcm' });
  });

  it('names the story by a hash that lets its alerts replace each other', async () => {
    await channel.send(message, service.subscribe());
    await channel.send({ ...message, id: randomUUID() }, service.subscribe());
    const [one, two] = service.received.slice(-2).map(({ headers }) => headers['topic']);
    expect(one).toMatch(/^[\w-]{32}$/u);
    expect(two).toBe(one);
    expect(one).not.toContain(storyId.slice(0, 8));
  });

  it('cuts long text without breaking a letter', async () => {
    const long = { ...message, title: '🌧️'.repeat(3000), body: 'ä'.repeat(9000) };
    expect(await channel.send(long, service.subscribe())).toBe('sent');
    const { notification } = JSON.parse(service.received.at(-1)?.text ?? '') as {
      notification: { title: string; body: string };
    };
    expect(notification.title.isWellFormed()).toBe(true);
    expect(notification.body).toHaveLength(240);
    expect(Buffer.byteLength(service.received.at(-1)?.text ?? '')).toBeLessThan(3_000);
  });

  it.each([404, 410])('says gone when the service answers %i', async (status) => {
    service.mood = { status };
    expect(await channel.send(message, service.subscribe())).toBe('gone');
  });

  it.each([
    [413, 'rejected'],
    [400, 'rejected'],
    [403, 'auth'],
    [500, 'transient'],
  ] as const)('answers %i with an error of kind %s', async (status, kind) => {
    service.mood = { status };
    await expect(channel.send(message, service.subscribe())).rejects.toMatchObject({ kind });
  });

  it('pauses after a 429 for as long as it is told', async () => {
    let now = Date.now();
    channel = open({ guard: { now: () => now } });
    service.mood = { status: 429, headers: { 'retry-after': '120' } };
    const target = service.subscribe();
    await expect(channel.send(message, target)).rejects.toMatchObject({
      kind: 'rate_limited',
      retryAfterMs: 120_000,
    });
    service.mood = 'take';
    const before = service.requests;
    await expect(channel.send(message, target)).rejects.toMatchObject({ kind: 'rate_limited' });
    expect(service.requests).toBe(before);
    now += 120_000;
    expect(await channel.send(message, target)).toBe('sent');
  });

  it('gives up on a service that hangs', async () => {
    channel = open({ guard: { timeoutMs: 100 } });
    service.mood = 'hang';
    const call = channel.send(message, service.subscribe());
    await expect(call).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('ends at once when its caller does', async () => {
    service.mood = 'hang';
    const caller = new AbortController();
    const call = channel.send(message, service.subscribe(), caller.signal);
    const before = service.requests;
    await expect.poll(() => service.requests).toBe(before + 1);
    caller.abort(new Error('stopping'));
    await expect(call).rejects.toThrow('stopping');
  });

  it('does not follow a redirect', async () => {
    let reached = 0;
    const elsewhere = createServer((_request, response) => {
      reached += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const address = elsewhere.address();
    const port = typeof address === 'object' ? address?.port : 0;
    service.mood = { status: 307, headers: { location: `http://127.0.0.1:${port}/` } };
    const call = channel.send(message, service.subscribe());
    await expect(call).rejects.toMatchObject({ kind: 'rejected' });
    expect(reached).toBe(0);
    elsewhere.close();
  });

  it('posts nothing when a known name resolves to a private address', async () => {
    channel = open({
      resolve: async () => [
        { address: '93.184.216.34', family: 4 },
        { address: '10.0.0.5', family: 4 },
      ],
    });
    const target = { ...service.subscribe(), endpoint: 'https://fcm.googleapis.com/fcm/send/x' };
    await expect(channel.send(message, target)).rejects.toMatchObject({ kind: 'rejected' });
  });

  it('calls a refused connection transient, and then leaves the service alone', async () => {
    const closed = await startPushService(keys.publicKey);
    const target = closed.subscribe();
    await closed.close();
    channel = open({ extraHosts: [closed.host], guard: { failuresToOpen: 1 } });
    await expect(channel.send(message, target)).rejects.toMatchObject({ kind: 'transient' });
    await expect
      .poll(() => channel.send(message, target).catch((error: unknown) => error))
      .toMatchObject({ kind: 'unavailable' });
  });

  it('says gone for a subscription that can never work', async () => {
    const target = service.subscribe();
    const before = service.requests;
    for (const broken of [
      { ...target, endpoint: 'http://127.0.0.1:9/internal' },
      { ...target, p256dh: 'AAAA' },
      { ...target, p256dh: Buffer.alloc(65, 4).toString('base64url') },
      { ...target, auth: 'AA' },
    ]) {
      expect(await channel.send(message, broken)).toBe('gone');
    }
    expect(service.requests).toBe(before);
  });

  it('refuses to start on keys that are none', () => {
    expect(() => open({ vapid: { ...vapid, privateKey: 'short' } })).toThrow('VAPID');
    expect(() => open({ vapid: { ...vapid, subject: 'nobody' } })).toThrow('VAPID');
  });
});

describe('a push endpoint', () => {
  it.each([
    'https://fcm.googleapis.com/fcm/send/abc',
    'https://updates.push.services.mozilla.com/wpush/v2/abc',
    'https://web.push.apple.com/abc',
    'https://wns2-par02p.notify.windows.com/w/?token=abc',
  ])('of a browser’s own service is let in: %s', (endpoint) => {
    expect(assertPushEndpoint(endpoint).isExtra).toBe(false);
  });

  it.each([
    'http://fcm.googleapis.com/fcm/send/abc',
    'https://fcm.googleapis.com:8443/x',
    'https://user@fcm.googleapis.com/x',
    'https://fcm.googleapis.com.evil.example/x',
    'https://push.services.mozilla.com/x',
    'https://evilpush.apple.com.example/x',
    'https://xpush.apple.com/x',
    'http://127.0.0.1/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/latest/meta-data',
    'file:///etc/passwd',
    'nonsense',
  ])('elsewhere is refused: %s', (endpoint) => {
    expect(() => assertPushEndpoint(endpoint)).toThrow('push service');
  });

  it('that the operator added is let in, over http on this machine only', () => {
    const extra = readExtraHosts(' push.example , 127.0.0.1:9000, remote.example:80,');
    expect(assertPushEndpoint('https://push.example/x', extra).isExtra).toBe(true);
    expect(assertPushEndpoint('http://127.0.0.1:9000/x', extra).isExtra).toBe(true);
    expect(() => assertPushEndpoint('http://127.0.0.1:9001/x', extra)).toThrow('push service');
    expect(() => assertPushEndpoint('http://push.example/x', extra)).toThrow('push service');
    expect(() => assertPushEndpoint('http://127.0.0.1.evil.example/x', extra)).toThrow('push');
  });

  it.each([
    ['8.8.8.8', true],
    ['2a00:1450:4001::200a', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.31.255.255', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['fd00::1', false],
    ['fe80::1', false],
    ['::ffff:10.0.0.1', false],
    ['2002:a00:1::', false],
    ['64:ff9b::a00:1', false],
  ])('address %s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });
});
