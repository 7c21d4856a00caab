// Which object store this machine has.
import { join } from 'node:path';
import type { Environment } from '../config.ts';
import { DiskLinks } from './disk-links.ts';
import { DiskStore } from './disk.ts';
import type { DiskHttp } from './disk-http.ts';
import type { ObjectStore } from './objects.ts';

export type OpenedStore =
  | { readonly kind: 's3'; readonly objects: ObjectStore; close(): void }
  /** `http` is what `serveDiskObject` needs to answer the store's links. */
  | {
      readonly kind: 'disk';
      readonly objects: ObjectStore;
      readonly http: DiskHttp;
      close(): void;
    };

/**
 * The S3 store if one is configured, else files under `DATA_DIR/objects`, whose links are signed
 * with `LINK_SECRET`, cleared of what dead processes left. No server is contacted yet.
 * @throws {Error} the disk store has no `LINK_SECRET`: the launcher makes one at first start
 */
export async function openStorage(config: Environment): Promise<OpenedStore> {
  const { S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY } = config;
  if (
    S3_BUCKET !== undefined &&
    S3_ACCESS_KEY_ID !== undefined &&
    S3_SECRET_ACCESS_KEY !== undefined
  ) {
    // Imported only where it is used: the SDK takes a noticeable part of a process's start.
    const { S3Store } = await import('./s3.ts');
    const objects = new S3Store({
      bucket: S3_BUCKET,
      region: config.S3_REGION,
      accessKeyId: S3_ACCESS_KEY_ID,
      secretAccessKey: S3_SECRET_ACCESS_KEY,
      endpoint: config.S3_ENDPOINT,
      publicEndpoint: config.S3_PUBLIC_ENDPOINT,
    });
    return { kind: 's3', objects, close: () => objects.close() };
  }
  if (config.LINK_SECRET === undefined) {
    throw new Error('LINK_SECRET is missing: links to objects on disk cannot be signed');
  }
  const links = new DiskLinks({ origin: config.ORIGIN, secret: config.LINK_SECRET });
  const objects = new DiskStore(join(config.DATA_DIR, 'objects'), links);
  await objects.removeLeftovers();
  return { kind: 'disk', objects, http: { store: objects, links }, close: () => undefined };
}

/** {@link openStorage} for processes that serve no links themselves. */
export async function openObjectStore(config: Environment): Promise<ObjectStore> {
  return (await openStorage(config)).objects;
}
