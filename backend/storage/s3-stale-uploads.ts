// Multipart uploads that nobody goes on with: an S3 store keeps them, and charges for them, for ever.
import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3';

/** Where to look: what else lies in a bucket may be somebody else's. */
interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

/** Aborts what was opened before a moment. @returns how many there were */
export async function abortUploadsBefore(
  client: S3Client,
  { bucket, prefix }: Place,
  before: Date,
): Promise<number> {
  let aborted = 0;
  for await (const { Key, UploadId, Initiated } of openUploads(client, bucket)) {
    const isOurs = Key?.startsWith(prefix) === true;
    if (!isOurs || Initiated === undefined || Initiated >= before) continue;
    await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    aborted += 1;
  }
  return aborted;
}

/** All of a bucket: MinIO lists nothing below a prefix that is not a whole key. */
async function* openUploads(client: S3Client, bucket: string): AsyncGenerator<MultipartUpload> {
  let next: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const page = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket, ...next }));
    yield* page.Uploads ?? [];
    if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return;
    next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
  }
}
