// The port to the object store: where uploads, stems and mixes lie. Adapters: disk.ts and s3.ts,
// held to the same promises by testing/conformance.ts.
import * as v from 'valibot';

/** Inclusive on both ends, in bytes; an `end` past the object is cut to its last byte. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface ObjectFacts {
  /** Size of the whole object. */
  readonly bytes: number;
  readonly contentType: string;
}

export interface StoredObject extends ObjectFacts {
  /** The bytes asked for. Stop iterating to let the store end the read. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly storedAt: Date;
}

export interface PutResult {
  readonly bytes: number;
  /** Of the bytes as they were sent, lower-case hex. */
  readonly sha256: string;
}

export interface UploadedPart {
  readonly number: number;
  readonly bytes: number;
  /** Opaque; changes when the part is sent again with other content. */
  readonly etag: string;
}

/**
 * A store of immutable objects. Every method that takes a key throws {@link InvalidKey} for one
 * that {@link objectKeySchema} refuses. Methods throw the classes below; anything else that they
 * throw means that the store itself is in trouble.
 */
export interface ObjectStore {
  /**
   * Stores an object whole or not at all. A key is written once: putting equal bytes again
   * succeeds and changes nothing.
   * @throws {ObjectConflict} the key holds other bytes
   */
  put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options: { readonly contentType: string },
  ): Promise<PutResult>;
  /**
   * @throws {ObjectMissing}
   * @throws {RangeUnsatisfiable} the range starts past the object's end
   */
  get(key: string, range?: ByteRange): Promise<StoredObject>;
  head(key: string): Promise<ObjectFacts | null>;
  /** Deleting what is not there succeeds. */
  delete(key: string): Promise<void>;
  /**
   * Objects whose keys start with a prefix, by key. What is stored or deleted meanwhile may be
   * among them or not. No more than a page, or the names of one folder, is held at a time.
   */
  list(prefix: string): AsyncIterable<ListedObject>;
  /** An address at which anyone can read the object until it expires, in whole or by Range. */
  signedGet(
    key: string,
    options: { readonly expiresInSeconds: number; readonly downloadName?: string },
  ): Promise<string>;
  /** Opens a multipart upload; returns the store's handle of it. */
  createUpload(key: string, options: { readonly contentType: string }): Promise<string>;
  /** An address to which anyone can PUT one part (from 1) until it expires. */
  signedPart(
    key: string,
    storeUploadId: string,
    partNumber: number,
    options: { readonly expiresInSeconds: number },
  ): Promise<string>;
  /**
   * Parts that arrived whole, by number.
   * @throws {UploadGone} completed, aborted or never opened
   */
  listParts(key: string, storeUploadId: string): Promise<UploadedPart[]>;
  /**
   * Joins the parts that arrived into the object. Completing again after success succeeds.
   * @throws {UploadGone} aborted or never opened, or no part arrived
   */
  completeUpload(key: string, storeUploadId: string): Promise<void>;
  /** Forgets an upload and its parts. Aborting what is not there succeeds. */
  abortUpload(key: string, storeUploadId: string): Promise<void>;
  /**
   * Forgets the uploads of keys that start with a prefix, if they were opened, or in some stores
   * last went on, before a moment.
   * @returns how many there were
   */
  abortUploadsBefore(prefix: string, moment: Date): Promise<number>;
}

/** Segments of lower-case letters, digits, `.`, `_`, `-`, each starting with a letter or digit. */
export const objectKeySchema = v.pipe(
  v.string(),
  v.maxLength(256),
  v.regex(/^[a-z0-9][a-z0-9._-]{0,127}(?:\/[a-z0-9][a-z0-9._-]{0,127})*$/u),
  v.check((key) => !key.includes('..'), 'a key holds no ".."'),
);

/** A key that no object may have. A fault of the caller. */
export class InvalidKey extends Error {
  override readonly name = 'InvalidKey';
  constructor(key: string) {
    super(`not an object key: ${JSON.stringify(key.slice(0, 300))}`);
  }
}

/** There is no such object. */
export class ObjectMissing extends Error {
  override readonly name = 'ObjectMissing';
  readonly key: string;
  constructor(key: string, cause?: unknown) {
    super(`there is no object ${key}`, { cause });
    this.key = key;
  }
}

/** The key is taken by other bytes. */
export class ObjectConflict extends Error {
  override readonly name = 'ObjectConflict';
  readonly key: string;
  constructor(key: string) {
    super(`object ${key} exists with other content`);
    this.key = key;
  }
}

/** The range asked for starts past the object's last byte. */
export class RangeUnsatisfiable extends Error {
  override readonly name = 'RangeUnsatisfiable';
  constructor(key: string, cause?: unknown) {
    super(`the range lies outside of object ${key}`, { cause });
  }
}

/** The multipart upload is not open: completed, aborted, or never there. */
export class UploadGone extends Error {
  override readonly name = 'UploadGone';
  constructor(key: string, cause?: unknown) {
    super(`no multipart upload is open for ${key}`, { cause });
  }
}

/** Returns the key if it is one. @throws {InvalidKey} */
export function checkKey(key: string): string {
  if (!v.is(objectKeySchema, key)) throw new InvalidKey(key);
  return key;
}
