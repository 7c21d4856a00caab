// Links to objects on disk that carry their own permission: what may be done, to what, until when.
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import { Problem } from '#domain/protocol/problem.ts';
import { objectKeySchema } from './objects.ts';

/** Where the web process serves the disk store, under its origin. */
export const DISK_PATH = '/objects/';

/** What a link lets its bearer do. */
export type Grant =
  | { readonly may: 'read'; readonly key: string; readonly downloadName: string | null }
  | {
      readonly may: 'write-part';
      readonly key: string;
      readonly storeUploadId: string;
      readonly partNumber: number;
    };

const seconds = v.pipe(v.string(), v.regex(/^\d{1,12}$/u), v.toNumber());
const querySchema = v.variant('may', [
  v.strictObject({
    may: v.literal('read'),
    expires: seconds,
    name: v.optional(v.pipe(v.string(), v.maxLength(200))),
    signature: v.string(),
  }),
  v.strictObject({
    may: v.literal('write-part'),
    expires: seconds,
    upload: v.pipe(v.string(), v.uuid()),
    part: v.pipe(
      v.string(),
      v.regex(/^\d{1,5}$/u),
      v.toNumber(),
      v.minValue(1),
      v.maxValue(10_000),
    ),
    signature: v.string(),
  }),
]);

const refusal = 'This link is not valid, or no longer. Load the page again for a fresh one.';

/** Signs and checks links with one secret. */
export class DiskLinks {
  readonly #origin: string;
  readonly #secret: string;
  readonly #now: () => number;

  constructor(options: { origin: string; secret: string; now?: () => number }) {
    this.#origin = options.origin;
    this.#secret = options.secret;
    this.#now = options.now ?? Date.now;
  }

  /** The whole address of a grant, good for `expiresInSeconds` from now. */
  sign(grant: Grant, expiresInSeconds: number): string {
    const expires = Math.floor(this.#now() / 1000) + expiresInSeconds;
    const url = new URL(DISK_PATH + grant.key, this.#origin);
    url.searchParams.set('may', grant.may);
    url.searchParams.set('expires', String(expires));
    if (grant.may === 'write-part') {
      url.searchParams.set('upload', grant.storeUploadId);
      url.searchParams.set('part', String(grant.partNumber));
    } else if (grant.downloadName !== null) {
      url.searchParams.set('name', grant.downloadName);
    }
    url.searchParams.set('signature', this.#signature(grant, expires).toString('base64url'));
    return url.href;
  }

  /** What an address grants. @throws {Problem} `forbidden`: forged, altered or expired */
  verify(url: URL): Grant {
    const query = v.safeParse(querySchema, Object.fromEntries(url.searchParams));
    const key = v.safeParse(objectKeySchema, url.pathname.slice(DISK_PATH.length));
    if (!url.pathname.startsWith(DISK_PATH) || !query.success || !key.success) {
      throw new Problem('forbidden', refusal);
    }
    const grant = grantOf(key.output, query.output);
    const claimed = Buffer.from(query.output.signature, 'base64url');
    const expected = this.#signature(grant, query.output.expires);
    const genuine = claimed.length === expected.length && timingSafeEqual(claimed, expected);
    if (!genuine || query.output.expires * 1000 <= this.#now()) {
      throw new Problem('forbidden', refusal);
    }
    return grant;
  }

  #signature(grant: Grant, expires: number): Buffer {
    const facts =
      grant.may === 'read'
        ? [grant.may, grant.key, expires, grant.downloadName]
        : [grant.may, grant.key, expires, grant.storeUploadId, grant.partNumber];
    return createHmac('sha256', this.#secret).update(JSON.stringify(facts)).digest();
  }
}

function grantOf(key: string, query: v.InferOutput<typeof querySchema>): Grant {
  return query.may === 'read'
    ? { may: 'read', key, downloadName: query.name ?? null }
    : { may: 'write-part', key, storeUploadId: query.upload, partNumber: query.part };
}
