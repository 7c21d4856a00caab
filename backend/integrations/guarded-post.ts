// A POST to an address that a stranger gave us: no private network, no redirect, little read back.
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { IntegrationError } from '../resilience/integration-error.ts';
import { isPublicAddress, type PushEndpoint } from './push-endpoint.ts';

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The start of the body. */
  readonly text: string;
}

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>;

const MOST_TEXT_BYTES = 1_000;

const resolveByDns: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Posts to an endpoint that `assertPushEndpoint` let in. The very addresses that are checked are
 * those connected to, so a name cannot change its mind in between. Redirects are answers.
 * @throws {IntegrationError} `rejected` for a private address, `transient` for a broken connection
 */
export async function guardedPost(
  endpoint: PushEndpoint,
  message: { headers: Readonly<Record<string, string>>; body: Uint8Array; signal: AbortSignal },
  resolve: Resolve = resolveByDns,
): Promise<PostAnswer> {
  const { url, service, isExtra } = endpoint;
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const addresses = isExtra ? null : await publicAddresses(endpoint, resolve);
  message.signal.throwIfAborted();
  const answered = Promise.withResolvers<IncomingMessage>();
  const post = send(url, {
    method: 'POST',
    headers: message.headers,
    signal: message.signal,
    agent: false, // a pooled connection would skip the check
    ...(addresses !== null && { lookup: only(addresses) }),
  });
  post.on('response', answered.resolve);
  post.on('error', answered.reject);
  post.end(message.body);
  try {
    const response = await answered.promise;
    return {
      status: response.statusCode ?? 0,
      retryAfter: response.headers['retry-after'] ?? null,
      text: await startOf(response),
    };
  } catch (error) {
    if (error instanceof IntegrationError || message.signal.aborted) throw error;
    throw new IntegrationError('transient', {
      service,
      message: 'cannot be reached',
      cause: error,
    });
  } finally {
    post.destroy();
  }
}

/** All addresses of an endpoint's name. @throws {IntegrationError} unless every one is public */
async function publicAddresses(
  { url, service }: PushEndpoint,
  resolve: Resolve,
): Promise<LookupAddress[]> {
  const addresses = await resolve(url.hostname).catch((error: unknown) => {
    const message = 'its name cannot be resolved';
    throw new IntegrationError('transient', { service, message, cause: error });
  });
  if (addresses.length > 0 && addresses.every(({ address }) => isPublicAddress(address))) {
    return addresses;
  }
  throw new IntegrationError('rejected', { service, message: 'resolves to a private address' });
}

/** A `lookup` for sockets that knows nothing but these addresses. */
export function only(addresses: readonly LookupAddress[]): LookupFunction {
  return (_hostname, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function startOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) break;
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= MOST_TEXT_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MOST_TEXT_BYTES).toString('utf8');
}
