// The S3 adapter against fauxqs, an S3 in memory that we did not write, and against a real one
// where S3_TEST_ENDPOINT (with S3_TEST_BUCKET, S3_TEST_ACCESS_KEY_ID, S3_TEST_SECRET_ACCESS_KEY)
// names it. fauxqs checks neither the signature nor the expiry of links, so those promises are
// held to the disk store and to the real one only.
import { buildApp } from 'fauxqs';
import { expect, it } from 'vitest';
import { ensureBucket } from './bucket.ts';
import { describeObjectStore, type Subject } from './conformance.ts';
import type { S3Options } from './s3-client.ts';
import { S3Store } from './s3.ts';

const MIB = 1024 * 1024;

describeObjectStore('in S3 (fauxqs)', openFauxqs, {
  checksLinks: false,
  answersLongSuffix: false,
  leastPartBytes: 5 * MIB,
});

const endpoint = process.env['S3_TEST_ENDPOINT'];
if (endpoint !== undefined) {
  describeObjectStore(
    `in S3 at ${endpoint}`,
    async () => {
      const store = new S3Store({
        bucket: named('BUCKET'),
        region: named('REGION') || 'us-east-1',
        accessKeyId: named('ACCESS_KEY_ID'),
        secretAccessKey: named('SECRET_ACCESS_KEY'),
        endpoint,
      });
      return { store, close: async () => store.close() };
    },
    { checksLinks: true, answersLongSuffix: true, leastPartBytes: 5 * MIB },
  );
}

it('signs links for the public endpoint, with no checksum of a body it never saw', async () => {
  const store = new S3Store({
    bucket: 'takes',
    region: 'us-east-1',
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    endpoint: 'http://store.internal:9000',
    publicEndpoint: 'https://objects.example',
  });
  const part = new URL(await store.signedPart('a/b', 'upload', 3, { expiresInSeconds: 90 }));
  expect(part.origin + part.pathname).toBe('https://objects.example/takes/a/b');
  expect(part.searchParams.get('partNumber')).toBe('3');
  expect(part.searchParams.get('X-Amz-Expires')).toBe('90');
  expect([...part.searchParams.keys()].filter((name) => /checksum/iu.test(name))).toEqual([]);
  const get = new URL(
    await store.signedGet('a/b', { expiresInSeconds: 90, downloadName: 'a "b".wav' }),
  );
  expect(get.searchParams.get('response-content-disposition')).toContain('a%20%22b%22.wav');
  store.close();
});

it('makes a bucket that is missing, and leaves one that is there as it is', async () => {
  const app = buildApp({ logger: false });
  const options = {
    bucket: 'new-bucket',
    region: 'us-east-1',
    accessKeyId: 'test',
    secretAccessKey: 'test',
    endpoint: await app.listen({ host: '127.0.0.1', port: 0 }),
  };
  expect(await ensureBucket(options)).toBe(true);
  const store = new S3Store(options);
  await store.put('a/b', new Uint8Array([1]), { contentType: 'audio/flac' });
  expect(await ensureBucket(options)).toBe(false);
  expect(await store.head('a/b')).toMatchObject({ bytes: 1 });
  store.close();
  await app.close();
});

it('lets go of a body that it could not send', async () => {
  const store = new S3Store({
    bucket: 'takes',
    region: 'us-east-1',
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    endpoint: 'http://127.0.0.1:9', // nobody listens
  });
  let letGo = false;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield new Uint8Array(MIB);
    } finally {
      letGo = true;
    }
  };
  await expect(store.put('a/b', body(), { contentType: 'audio/flac' })).rejects.toThrow(/ECONN/u);
  expect(letGo).toBe(true);
  store.close();
});

function named(name: string): string {
  return process.env[`S3_TEST_${name}`] ?? '';
}

async function openFauxqs(): Promise<Subject> {
  const app = buildApp({ logger: false });
  answerListParts(app);
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const options: S3Options = {
    bucket: 'takes',
    region: 'us-east-1',
    accessKeyId: 'test',
    secretAccessKey: 'test',
    endpoint: url,
  };
  await ensureBucket(options);
  const store = new S3Store(options);
  return {
    store,
    close: async () => {
      store.close();
      await app.close();
    },
  };
}

/**
 * fauxqs has no ListParts: it would look for an object of the key. So this answers that one call,
 * from what fauxqs itself said to the parts, in the form of the S3 API reference.
 */
function answerListParts(app: ReturnType<typeof buildApp>): void {
  const uploads = new Map<string, Map<string, { size: number; etag: string }>>();
  app.addHook('onRequest', async (request, reply): Promise<void> => {
    const { uploadId } = uploadIn(request.query);
    if (request.method !== 'GET' || uploadId === undefined) return;
    const parts = uploads.get(uploadId);
    void reply.header('content-type', 'application/xml');
    if (parts === undefined) {
      await reply.status(404).send('<Error><Code>NoSuchUpload</Code></Error>');
      return;
    }
    const list = [...parts].map(
      ([number, { size, etag }]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${size}</Size></Part>`,
    );
    await reply.send(
      `<ListPartsResult><IsTruncated>false</IsTruncated>${list.join('')}</ListPartsResult>`,
    );
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { uploadId, partNumber } = uploadIn(request.query);
    if (reply.statusCode !== 200) return payload;
    if (request.method === 'POST' && uploadId === undefined) {
      const opened = /<UploadId>([^<]+)</u.exec(String(payload))?.[1];
      if (opened !== undefined) uploads.set(opened, new Map());
    } else if (request.method === 'PUT' && uploadId !== undefined && partNumber !== undefined) {
      const { byteLength } = request.body as Buffer;
      uploads
        .get(uploadId)
        ?.set(partNumber, { size: byteLength, etag: String(reply.getHeader('etag')) });
    } else if (request.method === 'POST' && uploadId !== undefined) {
      uploads.delete(uploadId);
    }
    return payload;
  });
  app.addHook('onResponse', async (request) => {
    const { uploadId } = uploadIn(request.query);
    if (request.method === 'DELETE' && uploadId !== undefined) uploads.delete(uploadId);
  });
}

function uploadIn(query: unknown): { uploadId?: string; partNumber?: string } {
  return query as { uploadId?: string; partNumber?: string };
}
