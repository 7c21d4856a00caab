// How we talk to an S3 store.
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Unset: AWS itself. */
  readonly endpoint?: string | undefined;
  /** The endpoint as browsers reach it, if that differs. */
  readonly publicEndpoint?: string | undefined;
}

/** Longest silence of the store, and longest wait for a connection to it, in milliseconds. */
const SILENCE_MS = 15_000;
const CONNECT_MS = 3_000;

/** A client of the store at `endpoint`; unset, AWS itself. */
export function createS3Client(options: S3Options, endpoint: string | undefined): S3Client {
  return new S3Client({
    region: options.region,
    credentials: {
      accessKeyId: options.accessKeyId,
      secretAccessKey: options.secretAccessKey,
    },
    // By default the SDK signs a CRC32 of an empty body into links for PUT, which strict stores
    // then hold against the real one; see aws-sdk-js-v3 #6810.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: { requestTimeout: SILENCE_MS, connectionTimeout: CONNECT_MS },
    // Stores other than AWS are reached as <endpoint>/<bucket>.
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
  });
}

/** Whether the store answered with one of these statuses. */
export function isStatus(error: unknown, ...statuses: number[]): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return statuses.some((status) => error.$metadata.httpStatusCode === status);
}
