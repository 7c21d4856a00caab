// The bucket that an S3 store keeps everything in.
import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';
import { createS3Client, isStatus, type S3Options } from './s3-client.ts';

/**
 * Makes the bucket unless it is there. Rejects if the store is away, or lets us neither see nor
 * make it.
 * @returns whether it was made
 */
export async function ensureBucket(options: S3Options): Promise<boolean> {
  const client = createS3Client(options, options.endpoint);
  const bucket = { Bucket: options.bucket };
  try {
    await client.send(new HeadBucketCommand(bucket));
    return false;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    await client.send(new CreateBucketCommand(bucket));
    return true;
  } finally {
    client.destroy();
  }
}
