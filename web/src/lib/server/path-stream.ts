// GET /api/takes/<id>/path: a path as one audio file, put together from stored packs as it is read.
import { createHash } from 'node:crypto';
import { renderedPath, type Hears, type RenderedPath } from '#backend/media/rendered-path.ts';
import { renewMixes, type RenewDeps } from '#backend/media/renew-mixes.ts';
import { bodyStream } from '#backend/storage/body-stream.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import { answerRange } from '#backend/storage/range.ts';
import { standingAt } from '#backend/story/standing.ts';
import { mayHear, type Person } from '#domain/access/policy.ts';
import { pathFile, piecesOf, type ByteRange, type PathFile } from '#domain/media/path-file.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { codecMime, stretchesOf, type Codec } from '#domain/timeline/path-packs.ts';

export interface PathStreamDeps extends RenewDeps {
  readonly objects: ObjectStore;
}

/** How long a browser may play a whole path from its cache without asking, seconds. */
const COMPLETE_MAX_AGE_SECONDS = 600;

/**
 * Answers GET and HEAD, whole or by range. A path whose last takes are not rendered yet ends with
 * the last one that is, and must be asked for again; so does one with a take that was hidden from
 * the viewer until it is rendered without that voice. Throws Problem: `not_found` for an unknown
 * take, `conflict` while nothing of the path is rendered.
 */
export async function streamPath(
  request: Request,
  { db, objects, queue, log }: PathStreamDeps,
  takeId: TakeId,
  { codec, viewer }: { codec: Codec; viewer: Person | null },
): Promise<Response> {
  const at = await standingAt(db, takeId, viewer);
  if (at === null) throw new Problem('not_found', 'This take does not exist.');
  const hears: Hears = (take) => mayHear(viewer, at.standing, take);
  const path = await renderedPath(db, takeId, codec, hears);
  if (path === null) throw new Problem('not_found', 'This take does not exist.');
  void renewMixes({ db, queue, log }, path.outdated);
  return serveRendered(request, objects, path, codec);
}

/** As `streamPath`, for a path that is already looked up. */
export async function serveRendered(
  request: Request,
  objects: ObjectStore,
  path: Pick<RenderedPath, 'rendered' | 'complete'>,
  codec: Codec,
): Promise<Response> {
  const first = path.rendered[0];
  if (first === undefined)
    throw new Problem('conflict', 'This path is still being mixed. Try again in a moment.');
  const { objectKey, initBytes } = first.pack;
  const init = await bytesOf(objects, objectKey, { start: 0, end: initBytes - 1 });
  const file = pathFile(init, stretchesOf(path.rendered));
  const etag = entityTag(file);
  const headers = new Headers({
    'content-type': codecMime[codec],
    'accept-ranges': 'bytes',
    etag,
    'cache-control': path.complete ? `private, max-age=${COMPLETE_MAX_AGE_SECONDS}` : 'no-cache',
  });
  if (matches(request.headers.get('if-none-match'), etag))
    return new Response(null, { status: 304, headers });
  return answer(request, file, { objects, headers, etag });
}

function answer(
  request: Request,
  file: PathFile,
  { objects, headers, etag }: { objects: ObjectStore; headers: Headers; etag: string },
): Response {
  // A range of an older version must not be joined to this one (RFC 9110, 13.1.5).
  const ifRange = request.headers.get('if-range');
  const asked = ifRange === null || ifRange === etag ? request.headers.get('range') : null;
  const wanted = answerRange(asked, file.bytes);
  if (wanted.kind === 'unsatisfiable') {
    headers.set('content-range', `bytes */${file.bytes}`);
    headers.delete('content-type');
    return new Response(null, { status: 416, headers });
  }
  const whole = { start: 0, end: file.bytes - 1 };
  const { start, end } = wanted.kind === 'part' ? wanted.range : whole;
  if (wanted.kind === 'part') headers.set('content-range', `bytes ${start}-${end}/${file.bytes}`);
  headers.set('content-length', String(end - start + 1));
  const body = request.method === 'HEAD' ? null : bodyStream(read(objects, file, { start, end }));
  return new Response(body, { status: wanted.kind === 'part' ? 206 : 200, headers });
}

/** The bytes of a range of the file; opens each stored object only when it is reached. */
async function* read(
  objects: ObjectStore,
  file: PathFile,
  range: ByteRange,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (const piece of piecesOf(file, range)) {
    if (piece.from === 'header') {
      yield file.header.slice(piece.start, piece.end + 1);
    } else {
      const { body } = await objects.get(piece.objectKey, { start: piece.start, end: piece.end });
      yield* body;
    }
  }
}

async function bytesOf(
  objects: ObjectStore,
  key: string,
  range: ByteRange,
): Promise<Uint8Array<ArrayBuffer>> {
  const { body } = await objects.get(key, range);
  const bytes = new Uint8Array(range.end - range.start + 1);
  let at = 0;
  for await (const chunk of body) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Objects are written once under their key, so what lies where decides every byte. */
function entityTag(file: PathFile): string {
  const hash = createHash('sha256').update(file.header);
  for (const { objectKey, offset, bytes } of file.stretches)
    hash.update(JSON.stringify([objectKey, offset, bytes]));
  return `"${hash.digest('base64url')}"`;
}

function matches(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false;
  const tags = new Set(ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//u, '')));
  return tags.has(etag) || tags.has('*');
}
