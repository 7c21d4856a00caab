import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OneSignalChannel } from './onesignal.ts';

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

const message = {
  id: randomUUID(),
  title: 'New branch',
  body: 'Mia added «rain»',
  url: 'https://tap.example/s/rain',
  storyId: randomUUID(),
};
const target = { userId: randomUUID() };

const json =
  (status: number, body: unknown, headers = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };

describe('OneSignal', () => {
  let server: Server;
  let baseUrl = '';
  let seen: Seen[] = [];
  let answer: (response: ServerResponse) => void;
  const open = (guard = {}) =>
    new OneSignalChannel({ appId: 'app', apiKey: 'key', baseUrl, guard });

  beforeAll(async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const text = Buffer.concat(chunks).toString();
        seen.push({ method, url, headers, body: text === '' ? null : JSON.parse(text) });
        answer(response);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    baseUrl = `http://127.0.0.1:${address.port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    seen = [];
    answer = json(200, { id: 'notification-1' });
  });

  it('addresses a person by our id, once, with the key as it is wanted today', async () => {
    expect(await open().send(message, target)).toBe('sent');
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      method: 'POST',
      url: '/notifications',
      headers: { authorization: 'Key key', 'content-type': 'application/json' },
      body: {
        app_id: 'app',
        include_aliases: { external_id: [target.userId] },
        target_channel: 'push',
        idempotency_key: message.id,
        headings: { en: 'New branch' },
        contents: { en: 'Mia added «rain»' },
        url: 'https://tap.example/s/rain',
      },
    });
  });

  it.each([
    { id: '', errors: ['All included players are not subscribed'] },
    { id: '', recipients: 0 },
    { errors: { invalid_aliases: { external_id: ['x'] } } },
    { id: null },
  ])('says nobody for a success that reached no one: %j', async (body) => {
    answer = json(200, body);
    expect(await open().send(message, target)).toBe('nobody');
  });

  it.each([
    [400, 'rejected'],
    [401, 'auth'],
    [403, 'auth'],
    [500, 'transient'],
    [503, 'transient'],
  ] as const)('answers %i with an error of kind %s', async (status, kind) => {
    answer = json(status, { errors: ['no'] });
    await expect(open().send(message, target)).rejects.toMatchObject({ kind });
  });

  it('pauses after a 429', async () => {
    answer = json(429, {}, { 'retry-after': '30' });
    const channel = open();
    const refused = { kind: 'rate_limited' };
    await expect(channel.send(message, target)).rejects.toMatchObject(refused);
    await expect(channel.send(message, target)).rejects.toMatchObject(refused);
    expect(seen).toHaveLength(1);
  });

  it('gives up on a hang, whether before or within the answer', async () => {
    answer = () => undefined;
    const guard = { timeoutMs: 100 };
    await expect(open(guard).send(message, target)).rejects.toMatchObject({ kind: 'timeout' });
    answer = (response) => response.writeHead(200).write('{"id":');
    await expect(open(guard).send(message, target)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('counts an answer that breaks off as one that may have been meant', async () => {
    answer = (response) => {
      response.writeHead(200, { 'content-length': '99' }).write('{"id":', () => response.destroy());
    };
    await expect(open().send(message, target)).rejects.toMatchObject({ kind: 'timeout' });
  });

  it('takes its key nowhere else, and believes no answer that is no JSON', async () => {
    answer = (response) => response.writeHead(302, { location: `${baseUrl}/elsewhere` }).end();
    await expect(open().send(message, target)).rejects.toMatchObject({ kind: 'transient' });
    expect(seen.map(({ url }) => url)).toEqual(['/notifications']);
    answer = (response) => response.writeHead(200).end('<html>');
    await expect(open().send(message, target)).rejects.toMatchObject({ kind: 'transient' });
  });

  it('is left alone after three failures', async () => {
    answer = json(500, {});
    const channel = open();
    for (let count = 0; count < 3; count += 1) {
      await expect(channel.send(message, target)).rejects.toMatchObject({ kind: 'transient' });
    }
    await expect(channel.send(message, target)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(seen).toHaveLength(3);
  });

  it('keeps the key out of its errors', async () => {
    answer = json(401, { errors: ['bad key'] });
    const error: unknown = await open()
      .send(message, target)
      .catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('Key key');
    expect(error).toMatchObject({ service: 'onesignal' });
  });
});
