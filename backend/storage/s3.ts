// Objects in an S3 store.
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { UPLOAD_PART_BYTES } from '#domain/protocol/commands.ts';
import { attachment } from './content-disposition.ts';
import { DigestingBody, digestOf } from './digest.ts';
import {
  checkKey,
  ObjectConflict,
  ObjectMissing,
  RangeUnsatisfiable,
  UploadGone,
  type ByteRange,
  type ListedObject,
  type ObjectFacts,
  type ObjectStore,
  type PutResult,
  type StoredObject,
  type UploadedPart,
} from './objects.ts';
import { inParts, rejoined } from './parts.ts';
import { createS3Client, isStatus, type S3Options } from './s3-client.ts';
import { abortUploadsBefore } from './s3-stale-uploads.ts';
import { S3Uploads } from './s3-uploads.ts';

export class S3Store implements ObjectStore {
  readonly #bucket: string;
  readonly #client: S3Client;
  readonly #uploads: S3Uploads;
  /** Signs links: for the public endpoint, and without the checksum of a body it never sees. */
  readonly #signer: S3Client;

  constructor(options: S3Options) {
    this.#bucket = options.bucket;
    this.#client = createS3Client(options, options.endpoint);
    this.#uploads = new S3Uploads(this.#client, options.bucket);
    this.#signer = createS3Client(options, options.publicEndpoint ?? options.endpoint);
  }

  /** Ends the connections to the store. */
  close(): void {
    this.#client.destroy();
    this.#signer.destroy();
  }

  async put(
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    { contentType }: { readonly contentType: string },
  ): Promise<PutResult> {
    checkKey(key);
    const digesting = new DigestingBody(body);
    const parts = inParts(digesting, UPLOAD_PART_BYTES);
    try {
      const first = (await parts.next()).value ?? new Uint8Array();
      const second = await parts.next();
      if (second.done !== true) {
        const all = rejoined(first, second.value, parts);
        return await this.#putLarge(key, contentType, digesting, all);
      }
      // Hashed already, so content that is there can be told from content that is not ours.
      if (await this.#holdsOrFree(key, digesting.result())) return digesting.result();
      await this.#putNew(key, first, contentType, digesting.result());
      return digesting.result();
    } finally {
      // Lets go of a body that was not read to its end: an open file, say.
      await parts.return(undefined);
    }
  }

  async get(key: string, range?: ByteRange): Promise<StoredObject> {
    try {
      const object = await this.#client.send(
        new GetObjectCommand({
          ...this.#at(key),
          ...(range !== undefined && { Range: `bytes=${range.start}-${range.end}` }),
        }),
      );
      if (object.Body === undefined) throw new Error(`S3 sent no body for ${key}`);
      const total = /\/(\d+)$/u.exec(object.ContentRange ?? '')?.[1];
      return {
        body: bytesOf(object.Body.transformToWebStream()),
        bytes: total === undefined ? (object.ContentLength ?? 0) : Number(total),
        contentType: object.ContentType ?? 'application/octet-stream',
      };
    } catch (error) {
      if (isStatus(error, 404)) throw new ObjectMissing(key, error);
      if (isStatus(error, 416)) throw new RangeUnsatisfiable(key, error);
      throw error;
    }
  }

  async head(key: string): Promise<ObjectFacts | null> {
    try {
      const object = await this.#client.send(new HeadObjectCommand(this.#at(key)));
      return {
        bytes: object.ContentLength ?? 0,
        contentType: object.ContentType ?? 'application/octet-stream',
      };
    } catch (error) {
      if (isStatus(error, 404)) return null;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key)));
  }

  async *list(prefix: string): AsyncIterable<ListedObject> {
    const pages = paginateListObjectsV2(
      { client: this.#client },
      { Bucket: this.#bucket, Prefix: prefix },
    );
    for await (const page of pages) {
      for (const { Key, Size = 0, LastModified } of page.Contents ?? []) {
        if (Key === undefined || LastModified === undefined) continue;
        yield { key: Key, bytes: Size, storedAt: LastModified };
      }
    }
  }

  signedGet(
    key: string,
    options: { readonly expiresInSeconds: number; readonly downloadName?: string },
  ): Promise<string> {
    const name = options.downloadName;
    const command = new GetObjectCommand({
      ...this.#at(key),
      ...(name !== undefined && { ResponseContentDisposition: attachment(name) }),
    });
    return getSignedUrl(this.#signer, command, { expiresIn: options.expiresInSeconds });
  }

  createUpload(key: string, { contentType }: { readonly contentType: string }): Promise<string> {
    return this.#uploads.create(key, contentType);
  }

  signedPart(
    key: string,
    storeUploadId: string,
    partNumber: number,
    options: { readonly expiresInSeconds: number },
  ): Promise<string> {
    const command = new UploadPartCommand({
      ...this.#at(key),
      UploadId: storeUploadId,
      PartNumber: partNumber,
    });
    return getSignedUrl(this.#signer, command, { expiresIn: options.expiresInSeconds });
  }

  listParts(key: string, storeUploadId: string): Promise<UploadedPart[]> {
    return this.#uploads.parts(key, storeUploadId);
  }

  async completeUpload(key: string, storeUploadId: string): Promise<void> {
    try {
      const parts = await this.listParts(key, storeUploadId);
      if (parts.length === 0) throw new UploadGone(key);
      await this.#uploads.complete(key, storeUploadId, parts);
    } catch (error) {
      // Whoever completed it before us has ended the upload, and left the object.
      if (error instanceof UploadGone && (await this.head(key)) !== null) return;
      throw error;
    }
  }

  abortUpload(key: string, storeUploadId: string): Promise<void> {
    return this.#uploads.abort(key, storeUploadId);
  }

  abortUploadsBefore(prefix: string, moment: Date): Promise<number> {
    return abortUploadsBefore(this.#client, { bucket: this.#bucket, prefix }, moment);
  }

  async #putNew(
    key: string,
    body: Uint8Array,
    contentType: string,
    content: PutResult,
  ): Promise<void> {
    try {
      await this.#client.send(
        new PutObjectCommand({
          ...this.#at(key),
          Body: body,
          ContentLength: body.byteLength,
          ContentType: contentType,
          // The store verifies it, so what it says is stored is what we hashed.
          ChecksumSHA256: Buffer.from(content.sha256, 'hex').toString('base64'),
          IfNoneMatch: '*',
        }),
      );
    } catch (error) {
      if (!isStatus(error, 412, 409)) throw error;
      if (!(await this.#holdsOrFree(key, content))) throw error;
    }
  }

  async #putLarge(
    key: string,
    contentType: string,
    digesting: DigestingBody,
    parts: AsyncIterable<Uint8Array>,
  ): Promise<PutResult> {
    const id = await this.createUpload(key, { contentType });
    try {
      const sent: UploadedPart[] = [];
      for await (const part of parts) {
        sent.push(await this.#uploads.send(key, id, sent.length + 1, part));
      }
      if (await this.#holdsOrFree(key, digesting.result())) await this.abortUpload(key, id);
      else await this.#completeNew(key, id, sent, digesting.result());
      return digesting.result();
    } catch (error) {
      await this.abortUpload(key, id);
      throw error;
    }
  }

  async #completeNew(
    key: string,
    id: string,
    parts: readonly UploadedPart[],
    content: PutResult,
  ): Promise<void> {
    try {
      await this.#uploads.complete(key, id, parts);
    } catch (error) {
      if (!isStatus(error, 412, 409) || !(await this.#holdsOrFree(key, content))) throw error;
      await this.abortUpload(key, id);
    }
  }

  /**
   * True if the key holds this very content, false if it holds nothing. Looked up before writing
   * too, since not every store honours If-None-Match.
   * @throws {ObjectConflict} it holds something else
   */
  async #holdsOrFree(key: string, content: PutResult): Promise<boolean> {
    const facts = await this.head(key);
    if (facts === null) return false;
    if (facts.bytes !== content.bytes) throw new ObjectConflict(key);
    const stored = await digestOf((await this.get(key)).body);
    if (stored.sha256 !== content.sha256) throw new ObjectConflict(key);
    return true;
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: checkKey(key) };
  }
}

async function* bytesOf(stream: ReadableStream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError('S3 sent something else than bytes');
    yield chunk;
  }
}
