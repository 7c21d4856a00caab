// The web process: SvelteKit's pages and endpoints, and the way through to the collab-server.
import { channel } from 'node:diagnostics_channel';
import { createServer, type RequestListener, type Server } from 'node:http';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import * as v from 'valibot';
import { readConfig, type Environment } from '#backend/config.ts';
import { runProcess } from '#backend/lifecycle.ts';
import { createLogger } from '#backend/log.ts';
import { passSockets } from './socket-pass.ts';

/** What the build exports: a handler for Node's own server. */
const handlerSchema = v.object({
  handler: v.custom<RequestListener>((value) => typeof value === 'function'),
});

/** The headers by which the build learns its public address. We set them; visitors cannot. */
const ORIGIN_HEADERS = { protocol: 'x-tap-proto', host: 'x-tap-host' } as const;

/** Longest request head and longest whole request, milliseconds; answers may take longer. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 120_000;
/**
 * How long an idle connection stays open, milliseconds: longer than proxies and clients keep one
 * (60 s is usual), or a request of theirs meets a connection that we are just closing.
 */
const KEEP_ALIVE_MS = 75_000;
/** Larger than one part of an upload (5 MiB), which is the largest body that we take. */
const LARGEST_BODY = '6M';
/** How long requests may run on while the process stops, milliseconds. */
const DRAIN_MS = 2_000;

if (import.meta.main) {
  const config = readConfig(process.env);
  const log = createLogger('web', config.LOG_LEVEL);
  await runProcess(log, async (onStop) => {
    onStop(stopParts);
    const handler = await loadHandler();
    const sockets = passSockets(new URL(collabUrl(config)), {
      log,
      proxies: config.TRUSTED_PROXIES,
    });
    const server = createServer(
      {
        headersTimeout: HEADERS_MS,
        requestTimeout: REQUEST_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        maxHeaderSize: 16_384,
      },
      atOrigin(new URL(config.ORIGIN), handler),
    );
    server.on('upgrade', sockets.upgrade);
    await listen(server, config);
    onStop(async () => {
      sockets.close();
      channel('tap-story:web:drain').publish(undefined);
      await close(server);
    });
    log.info({ host: config.HOST, port: config.PORT, origin: config.ORIGIN }, 'listening');
  });
}

/** The build reads its settings from the environment while it is imported, so they come first. */
async function loadHandler(): Promise<RequestListener> {
  Object.assign(process.env, {
    PROTOCOL_HEADER: ORIGIN_HEADERS.protocol,
    HOST_HEADER: ORIGIN_HEADERS.host,
    BODY_SIZE_LIMIT: LARGEST_BODY,
  });
  const built: unknown = await import(pathToFileURL(resolve('build/web/handler.js')).href);
  return v.parse(handlerSchema, built).handler;
}

/** Where the collab-server is: COLLAB_URL, or on this machine. */
function collabUrl(config: Environment): string {
  return config.COLLAB_URL ?? `http://${config.COLLAB_HOST}:${config.COLLAB_PORT}`;
}

function atOrigin(origin: URL, handler: RequestListener): RequestListener {
  return (request, response) => {
    request.headers[ORIGIN_HEADERS.protocol] = origin.protocol.slice(0, -1);
    request.headers[ORIGIN_HEADERS.host] = origin.host;
    handler(request, response);
  };
}

function listen(server: Server, { PORT, HOST }: Environment): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(PORT, HOST, () => resolve());
  return promise;
}

/** Takes no more requests, lets running ones finish for a while, then ends what is left. */
function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  server.close(() => {
    clearTimeout(timer);
    resolve();
  });
  server.closeIdleConnections();
  return promise;
}

/**
 * Ends what the build has opened (web/src/lib/server/context.ts). The build is a bundle of its
 * own and shares no module with this file, so the two meet on a channel of the process.
 */
async function stopParts(): Promise<void> {
  const parts: Promise<void>[] = [];
  channel('tap-story:web:stop').publish(parts);
  await Promise.all(parts);
}
