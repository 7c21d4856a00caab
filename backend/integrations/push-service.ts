// A push service on 127.0.0.1, for tests: it is strict about VAPID and decrypts as a browser does,
// written from RFC 8291, 8188 and 8292 with node:crypto alone.
import {
  createDecipheriv,
  createECDH,
  createPublicKey,
  hkdfSync,
  randomBytes,
  verify,
} from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import * as v from 'valibot';
import type { WebPushTarget } from './web-push.ts';

const claimsSchema = v.object({ aud: v.string(), sub: v.string(), exp: v.number() });

export interface ReceivedPush {
  readonly headers: IncomingMessage['headers'];
  readonly claims: v.InferOutput<typeof claimsSchema>;
  readonly text: string;
}

/** What the service does with the next messages. */
export type Mood = 'take' | 'hang' | { readonly status: number; readonly headers?: object };

export interface PushService {
  /** Host and port, as in WEB_PUSH_EXTRA_HOSTS. */
  readonly host: string;
  readonly received: readonly ReceivedPush[];
  /** Requests of any outcome. */
  readonly requests: number;
  mood: Mood;
  subscribe(): WebPushTarget;
  close(): Promise<void>;
}

export async function startPushService(vapidPublicKey: string): Promise<PushService> {
  const browser = createECDH('prime256v1');
  const p256dh = browser.generateKeys();
  const auth = randomBytes(16);
  const received: ReceivedPush[] = [];
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const host = `127.0.0.1:${address.port}`;
  const service = {
    host,
    received,
    requests: 0,
    mood: 'take' as Mood,
    subscribe: () => ({
      endpoint: `http://${host}/send/1`,
      p256dh: p256dh.toString('base64url'),
      auth: auth.toString('base64url'),
    }),
    close: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    service.requests += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    if (service.mood === 'hang') return;
    if (service.mood !== 'take') {
      response.writeHead(service.mood.status, { ...service.mood.headers }).end('no');
      return;
    }
    const claims = readVapid(request.headers.authorization ?? '', vapidPublicKey);
    const text = decrypt(Buffer.concat(chunks), { browser, p256dh, auth });
    received.push({ headers: request.headers, claims, text });
    response.writeHead(201).end();
  };
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    take(request, response).catch((error: unknown) => {
      response.writeHead(403).end(String(error));
    });
  });
  return service;
}

/** RFC 8292: `vapid t=<ES256 JWT>, k=<public key>`. */
function readVapid(header: string, expectedKey: string): ReceivedPush['claims'] {
  const match = /^vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)$/u.exec(header);
  if (match === null) throw new Error('no VAPID');
  const [, head = '', body = '', signature = '', key = ''] = match;
  if (key !== expectedKey) throw new Error('another key');
  const point = Buffer.from(key, 'base64url');
  const publicKey = createPublicKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  });
  const genuine = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!genuine) throw new Error('forged');
  return v.parse(
    v.pipe(v.string(), v.parseJson(), claimsSchema),
    Buffer.from(body, 'base64url').toString(),
  );
}

/** RFC 8291 over RFC 8188, for one record. */
function decrypt(
  message: Buffer,
  keys: { browser: ReturnType<typeof createECDH>; p256dh: Buffer; auth: Buffer },
): string {
  const salt = message.subarray(0, 16);
  const keyLength = message.readUInt8(20);
  const sender = message.subarray(21, 21 + keyLength);
  const record = message.subarray(21 + keyLength);
  const shared = keys.browser.computeSecret(sender);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), keys.p256dh, sender]);
  const secret = hkdf(shared, keys.auth, info, 32);
  const key = hkdf(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = hkdf(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  const decipher = createDecipheriv('aes-128-gcm', key, nonce);
  decipher.setAuthTag(record.subarray(-16));
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8');
}

// Node's parameters follow the order of RFC 5869.
// oxlint-disable-next-line max-params
function hkdf(secret: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, info, length));
}
