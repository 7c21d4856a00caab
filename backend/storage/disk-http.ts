// HTTP to the disk store: what the signed links of disk-links.ts lead to.
import { Problem } from '#domain/protocol/problem.ts';
import { UPLOAD_PART_BYTES } from '#domain/protocol/commands.ts';
import { bodyStream } from './body-stream.ts';
import { attachment } from './content-disposition.ts';
import type { DiskLinks, Grant } from './disk-links.ts';
import type { DiskStore } from './disk.ts';
import { UploadGone } from './objects.ts';
import { answerRange } from './range.ts';

export interface DiskHttp {
  readonly store: DiskStore;
  readonly links: DiskLinks;
  /** Largest part taken in, bytes. */
  readonly maxPartBytes?: number;
}

type ReadGrant = Extract<Grant, { may: 'read' }>;
type WriteGrant = Extract<Grant, { may: 'write-part' }>;

/**
 * Answers a request for a signed link: GET and HEAD (with Range) of an object, PUT of one part.
 * Refusals are answered with a problem body; what is thrown is a fault of the store.
 */
export async function serveDiskObject(request: Request, deps: DiskHttp): Promise<Response> {
  try {
    const grant = deps.links.verify(new URL(request.url));
    if (grant.may === 'read' && (request.method === 'GET' || request.method === 'HEAD')) {
      return await read(request, grant, deps.store);
    }
    if (grant.may === 'write-part' && request.method === 'PUT') {
      return await writePart(request, grant, deps);
    }
    throw new Problem('forbidden', 'This link is for something else.');
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return Response.json(error.toBody(), {
      status: error.status,
      headers: { 'cache-control': 'no-store' },
    });
  }
}

async function read(request: Request, grant: ReadGrant, store: DiskStore): Promise<Response> {
  const object = await store.head(grant.key);
  if (object === null) throw new Problem('not_found', 'This file is not here.');
  const headers = new Headers({
    'content-type': object.contentType,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=3600, immutable',
    // What people upload is given back as it came: it must never run on our origin.
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  });
  if (grant.downloadName !== null) {
    headers.set('content-disposition', attachment(grant.downloadName));
  }
  const answer = answerRange(request.headers.get('range'), object.bytes);
  if (answer.kind === 'unsatisfiable') {
    return new Response(null, {
      status: 416,
      headers: { 'content-range': `bytes */${object.bytes}`, 'cache-control': 'no-store' },
    });
  }
  const range = answer.kind === 'part' ? answer.range : undefined;
  const bytes = range === undefined ? object.bytes : range.end - range.start + 1;
  headers.set('content-length', String(bytes));
  if (range !== undefined) {
    headers.set('content-range', `bytes ${range.start}-${range.end}/${object.bytes}`);
  }
  const body =
    request.method === 'HEAD' ? null : bodyStream((await store.get(grant.key, range)).body);
  return new Response(body, { status: range === undefined ? 200 : 206, headers });
}

async function writePart(request: Request, grant: WriteGrant, deps: DiskHttp): Promise<Response> {
  const most = deps.maxPartBytes ?? UPLOAD_PART_BYTES;
  const announced = request.headers.get('content-length');
  if (announced !== null && Number(announced) > most) throw tooLarge(most);
  if (request.body === null) throw brokenOff();
  try {
    const expected = announced === null ? null : Number(announced);
    await deps.store.writePart(grant, bounded(request.body, most, expected));
  } catch (error) {
    if (!(error instanceof UploadGone)) throw error;
    throw new Problem('not_found', 'This upload has ended. Start it again.', { cause: error });
  }
  return new Response(null, { status: 200 });
}

/** Passes a body on, and throws as soon as it is longer than it may be, or if it ends early. */
async function* bounded(
  body: AsyncIterable<Uint8Array>,
  most: number,
  expected: number | null,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > most) throw tooLarge(most);
    yield chunk;
  }
  if (bytes === 0 || (expected !== null && bytes !== expected)) throw brokenOff();
}

function tooLarge(most: number): Problem {
  return new Problem('too_large', `One part may hold ${most} bytes at most.`);
}

function brokenOff(): Problem {
  return new Problem('bad_request', 'The part broke off on its way. Send it again.');
}
