// For tests: fauxqs, an S3 in memory that we did not write, with the two calls that it lacks.
import { buildApp } from 'fauxqs';
import * as v from 'valibot';
import { ensureBucket } from '../bucket.ts';
import type { S3Options } from '../s3-client.ts';
import { S3Store } from '../s3.ts';

interface OpenUpload {
  readonly key: string;
  readonly openedAt: Date;
  readonly parts: Map<string, { size: number; etag: string }>;
}

/** A store in an S3 of its own. */
export async function openFauxqs(): Promise<{ store: S3Store; close(): Promise<void> }> {
  const app = buildApp({ logger: false });
  answerLists(app);
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
 * fauxqs has neither ListParts nor ListMultipartUploads: it would look for an object of the key. So
 * this answers those two calls, from what fauxqs itself said to the uploads and their parts, in the
 * form of the S3 API reference.
 */
function answerLists(app: ReturnType<typeof buildApp>): void {
  const uploads = new Map<string, OpenUpload>();
  app.addHook('onRequest', async (request, reply): Promise<void> => {
    const { uploadId, uploads: all, prefix = '' } = uploadIn(request.query);
    if (request.method !== 'GET' || (uploadId === undefined && all === undefined)) return;
    void reply.header('content-type', 'application/xml');
    if (uploadId === undefined) {
      await reply.send(listOfUploads(uploads, prefix));
      return;
    }
    const upload = uploads.get(uploadId);
    if (upload !== undefined) await reply.send(listOfParts(upload));
    else await reply.status(404).send('<Error><Code>NoSuchUpload</Code></Error>');
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { uploadId } = uploadIn(request.query);
    if (reply.statusCode !== 200 || request.method !== 'POST') return payload;
    if (uploadId === undefined) {
      const opened = /<UploadId>([^<]+)</u.exec(String(payload))?.[1];
      const key = /<Key>([^<]+)</u.exec(String(payload))?.[1] ?? '';
      if (opened !== undefined) {
        uploads.set(opened, { key, openedAt: new Date(), parts: new Map() });
      }
    } else {
      uploads.delete(uploadId);
    }
    return payload;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { uploadId = '', partNumber } = uploadIn(request.query);
    if (reply.statusCode === 200 && request.method === 'PUT' && partNumber !== undefined) {
      const size = request.body instanceof Uint8Array ? request.body.byteLength : 0;
      const etag = String(reply.getHeader('etag'));
      uploads.get(uploadId)?.parts.set(partNumber, { size, etag });
    }
    return payload;
  });
  app.addHook('onResponse', async (request) => {
    const { uploadId } = uploadIn(request.query);
    if (request.method === 'DELETE' && uploadId !== undefined) uploads.delete(uploadId);
  });
}

function listOfParts({ parts }: OpenUpload): string {
  const list = [...parts].map(
    ([number, { size, etag }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>${size}</Size></Part>`,
  );
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${list.join('')}</ListPartsResult>`;
}

function listOfUploads(uploads: ReadonlyMap<string, OpenUpload>, prefix: string): string {
  const below = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
  const list = below.map(
    ([id, { key, openedAt }]) =>
      `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${openedAt.toISOString()}</Initiated></Upload>`,
  );
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${list.join('')}</ListMultipartUploadsResult>`;
}

const querySchema = v.object({
  uploadId: v.optional(v.string()),
  partNumber: v.optional(v.string()),
  uploads: v.optional(v.string()),
  prefix: v.optional(v.string()),
});

const uploadIn = (query: unknown) => v.parse(querySchema, query);
