// Uploads in parts, as an S3 store has them.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  paginateListParts,
  UploadPartCommand,
  type Part,
  type S3Client,
} from '@aws-sdk/client-s3';
import { checkKey, UploadGone, type UploadedPart } from './objects.ts';
import { isStatus } from './s3-client.ts';

/** Multipart uploads in one bucket. */
export class S3Uploads {
  readonly #client: S3Client;
  readonly #bucket: string;

  constructor(client: S3Client, bucket: string) {
    this.#client = client;
    this.#bucket = bucket;
  }

  /** @returns the store's handle of the upload */
  async create(key: string, contentType: string): Promise<string> {
    const upload = await this.#client.send(
      new CreateMultipartUploadCommand({ ...this.#at(key), ContentType: contentType }),
    );
    if (upload.UploadId === undefined) throw new Error(`S3 opened no upload for ${key}`);
    return upload.UploadId;
  }

  /** Sends one part, by its number from 1. */
  async send(key: string, id: string, number: number, part: Uint8Array): Promise<UploadedPart> {
    const { ETag } = await this.#client.send(
      new UploadPartCommand({
        ...this.#at(key),
        UploadId: id,
        PartNumber: number,
        Body: part,
        ContentLength: part.byteLength,
      }),
    );
    if (ETag === undefined) throw new Error(`S3 gave no ETag for part ${number} of ${key}`);
    return { number, bytes: part.byteLength, etag: ETag };
  }

  /** Parts that arrived, by number. @throws {UploadGone} */
  async parts(key: string, id: string): Promise<UploadedPart[]> {
    try {
      const parts: Part[] = [];
      const pages = paginateListParts({ client: this.#client }, { ...this.#at(key), UploadId: id });
      for await (const page of pages) parts.push(...(page.Parts ?? []));
      return parts.map(partOf).toSorted((a, b) => a.number - b.number);
    } catch (error) {
      throw isStatus(error, 404) ? new UploadGone(key, error) : error;
    }
  }

  /**
   * Joins parts into the object, if the key is free.
   * @throws {UploadGone}
   * @throws {S3ServiceException} 412 or 409: the key is taken
   */
  async complete(key: string, id: string, parts: readonly UploadedPart[]): Promise<void> {
    try {
      await this.#client.send(
        new CompleteMultipartUploadCommand({
          ...this.#at(key),
          UploadId: id,
          MultipartUpload: {
            Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })),
          },
          IfNoneMatch: '*',
        }),
      );
    } catch (error) {
      throw isStatus(error, 404) ? new UploadGone(key, error) : error;
    }
  }

  /** Aborting what is not there succeeds. */
  async abort(key: string, id: string): Promise<void> {
    try {
      await this.#client.send(new AbortMultipartUploadCommand({ ...this.#at(key), UploadId: id }));
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: checkKey(key) };
  }
}

function partOf({ PartNumber, Size, ETag }: Part): UploadedPart {
  if (PartNumber === undefined || Size === undefined || ETag === undefined) {
    throw new Error('S3 listed a part without its number, size or ETag');
  }
  return { number: PartNumber, bytes: Size, etag: ETag };
}
