import { context, pingDatabase } from '#lib/server/context.ts';
import { webLog } from '#lib/server/web-log.ts';

/** Longest wait for one part, milliseconds. */
const PART_MS = 3_000;
/** An object of our own that is there when the store is. */
const PROBE = 'health/probe';

/** Whether people can be served: 200, or 503 with the parts that are away. */
export async function GET(): Promise<Response> {
  const parts = {
    postgres: await isThere(async () => pingDatabase((await context()).db)),
    objects: await isThere(async () => {
      const { objects } = await context();
      // An empty store and one that is gone look alike until something is written.
      if ((await objects.head(PROBE)) === null) {
        await objects.put(PROBE, new Uint8Array([1]), { contentType: 'application/octet-stream' });
      }
    }),
  };
  const ready = Object.values(parts).every((part) => part === 'ok');
  return Response.json(
    { status: ready ? 'ok' : 'unavailable', parts },
    { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } },
  );
}

async function isThere(check: () => Promise<void>): Promise<'ok' | 'away'> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer in ${PART_MS} ms`)), PART_MS);
  try {
    await Promise.race([check(), late]);
    return 'ok';
  } catch (error) {
    webLog().warn({ err: error }, 'a part is away');
    return 'away';
  } finally {
    clearTimeout(timer);
  }
}
