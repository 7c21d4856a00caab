// The S3 adapter against fauxqs, an S3 in memory that we did not write, and against a real one
// where S3_TEST_ENDPOINT (with S3_TEST_BUCKET, S3_TEST_ACCESS_KEY_ID, S3_TEST_SECRET_ACCESS_KEY)
// names it. fauxqs checks neither the signature nor the expiry of links, so those promises are
// held to the disk store and to the real one only.
import { buildApp } from 'fauxqs';
import { expect, it } from 'vitest';
import { ensureBucket } from './bucket.ts';
import { S3Store } from './s3.ts';
import { describeObjectStore } from './testing/conformance.ts';
import { openFauxqs } from './testing/fauxqs.ts';

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
