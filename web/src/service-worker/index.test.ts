import { afterEach, beforeEach, expect, it, vi } from 'vitest';

const ORIGIN = 'https://tap.example';

/** What the worker listens to, by the event's name. */
let heard: Map<string, (event: unknown) => void>;

beforeEach(async () => {
  heard = new Map();
  vi.stubGlobal('registration', {});
  vi.stubGlobal('location', new URL(ORIGIN));
  vi.stubGlobal('addEventListener', (name: string, listener: (event: unknown) => void) =>
    heard.set(name, listener),
  );
  vi.stubGlobal('caches', {
    open: () => Promise.reject(new DOMException('The disk is broken.', 'UnknownError')),
    match: () => Promise.reject(new DOMException('The disk is broken.', 'UnknownError')),
  });
  vi.resetModules();
  await import('./index.ts');
}, 60_000);
afterEach(() => vi.unstubAllGlobals());

/** What the worker answers; `mode` says whether it is a page or a file of one. */
async function answer(path: string, mode: 'navigate' | 'cors'): Promise<Response> {
  const { promise, resolve } = Promise.withResolvers<Response>();
  heard.get('fetch')?.({
    request: { url: ORIGIN + path, mode, method: 'GET' },
    waitUntil: () => undefined,
    respondWith: resolve,
  });
  return promise;
}

it('gets a file of the build from the server, if the device can keep nothing', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('code')));
  const file = await answer('/_app/immutable/x.js', 'cors');
  expect(await file.text()).toBe('code');
});

it('shows what the server says in its trouble, if the device can keep nothing', async () => {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('back soon', { status: 503 })));
  const page = await answer('/s/tunnel', 'navigate');
  expect(await page.text()).toBe('back soon');
});
