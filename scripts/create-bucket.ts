// Makes the bucket of a new S3 store, if it is missing: what a deployment with a store of its own
// runs first.
import { readConfig } from '#backend/config.ts';
import { createLogger } from '#backend/log.ts';
import { ensureBucket } from '#backend/storage/bucket.ts';

const config = readConfig(process.env);
const log = createLogger('create-bucket', config.LOG_LEVEL);
const { S3_BUCKET: bucket, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
if (bucket === undefined || S3_ACCESS_KEY_ID === undefined || S3_SECRET_ACCESS_KEY === undefined) {
  throw new Error('S3_BUCKET is not set');
}
const made = await ensureBucket({
  bucket,
  region: config.S3_REGION,
  accessKeyId: S3_ACCESS_KEY_ID,
  secretAccessKey: S3_SECRET_ACCESS_KEY,
  endpoint: config.S3_ENDPOINT,
});
log.info({ bucket }, made ? 'the bucket is made' : 'the bucket is there');
