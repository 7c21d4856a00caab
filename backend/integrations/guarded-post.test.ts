import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guardedPost, only } from './guarded-post.ts';
import { assertPushEndpoint } from './push-endpoint.ts';

describe('a guarded post', () => {
  const server = createServer((message, response) => response.end(message.headers.host));
  let port = 0;
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });
  afterAll(() => {
    server.close();
  });

  it('connects to the addresses that were checked, whatever the name says elsewhere', async () => {
    // Node asks for all addresses, or for one, by whether it may choose the family.
    for (const autoSelectFamily of [true, false]) {
      const options = {
        host: 'push.invalid',
        port,
        autoSelectFamily,
        lookup: only([{ address: '127.0.0.1', family: 4 }]),
      };
      const post = request(options);
      post.end();
      const [response] = (await once(post, 'response')) as [IncomingMessage];
      expect(String(await response.toArray())).toBe(`push.invalid:${port}`);
    }
  });

  it.each([
    [[]],
    [[{ address: '127.0.0.1', family: 4 }]],
    [[{ address: '::ffff:127.0.0.1', family: 6 }]],
    [
      [
        { address: '93.184.216.34', family: 4 },
        { address: '::1', family: 6 },
      ],
    ],
  ])('connects to nothing when a name leads to %j', async (addresses) => {
    const endpoint = assertPushEndpoint('https://fcm.googleapis.com/fcm/send/x');
    const message = { headers: {}, body: new Uint8Array(), signal: new AbortController().signal };
    const post = guardedPost(endpoint, message, async () => addresses);
    await expect(post).rejects.toMatchObject({ kind: 'rejected' });
  });

  it('calls a name that does not resolve transient', async () => {
    const endpoint = assertPushEndpoint('https://fcm.googleapis.com/fcm/send/x');
    const message = { headers: {}, body: new Uint8Array(), signal: new AbortController().signal };
    const post = guardedPost(endpoint, message, async () => {
      throw new Error('ENOTFOUND');
    });
    await expect(post).rejects.toMatchObject({ kind: 'transient' });
  });
});
