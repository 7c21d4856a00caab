import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PERSON_HEADER } from '../lib/offline/worker-message.ts';
import { KeptPages } from './kept-pages.ts';

const ORIGIN = 'https://tap.example';
const FILE = '/_app/immutable/start.js';
const HTML = `<html lang="en"><link href="${FILE}" rel="modulepreload"></html>`;

const bytes = (text: string) => new TextEncoder().encode(text);
const at = (path: string) => new URL(path, ORIGIN);

/** A browser's cache, as much of it as pages are kept with. */
class MemoryCache {
  readonly #stored = new Map<string, Response>();
  match(asked: string | Request) {
    const { href } = at(typeof asked === 'string' ? asked : asked.url);
    return Promise.resolve(this.#stored.get(href)?.clone());
  }
  put(address: string, response: Response) {
    this.#stored.set(at(address).href, response);
    return Promise.resolve();
  }
  keys() {
    return Promise.resolve([...this.#stored.keys()].map((url) => ({ url })));
  }
  delete({ url }: { readonly url: string }) {
    return Promise.resolve(this.#stored.delete(url));
  }
}

let pages: KeptPages;

beforeEach(() => {
  const cache = new MemoryCache();
  vi.stubGlobal('caches', { open: () => Promise.resolve(cache) });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response('')));
  pages = new KeptPages();
});
afterEach(() => vi.unstubAllGlobals());

/** What the server answers to a page's request. */
function page(person: string, { body = HTML as BodyInit, status = 200 } = {}): Response {
  const response = new Response(body, { status, headers: { [PERSON_HEADER]: person } });
  Object.defineProperty(response, 'type', { value: 'basic' });
  return response;
}

/** A body of which the first part came, and then nothing more. */
function stalled(): { readonly body: ReadableStream; goOn(): void } {
  const rest = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (stream) => stream.enqueue(bytes(HTML.slice(0, 20))),
    async pull(stream) {
      await rest.promise;
      stream.enqueue(bytes(HTML.slice(20)));
      stream.close();
    },
  });
  return { body, goOn: rest.resolve };
}

describe('a page that does not come to an end', () => {
  it('keeps nobody from finding another', async () => {
    await pages.keep(at('/s/a'), page('mira'));
    void pages.keep(at('/s/b'), page('mira', { body: stalled().body }));
    expect(await (await pages.find(at('/s/a')))?.text()).toContain('data-kept');
    expect(await pages.find(at('/s/b'))).toBeNull();
  });

  it('is not kept after all once somebody has signed out', async () => {
    const slow = stalled();
    const keeping = pages.keep(at('/s/b'), page('mira', { body: slow.body }));
    await pages.clear();
    slow.goOn();
    await keeping;
    expect(await pages.find(at('/s/b'))).toBeNull();
  });

  it('is not kept for the next person', async () => {
    const slow = stalled();
    const keeping = pages.keep(at('/s/b'), page('mira', { body: slow.body }));
    await pages.person('jo');
    await pages.keep(at('/s/a'), page('jo'));
    slow.goOn();
    await keeping;
    expect(await pages.find(at('/s/b'))).toBeNull();
    expect(await pages.find(at('/s/a'))).not.toBeNull();
  });

  it('is kept once it has come', async () => {
    const slow = stalled();
    const keeping = pages.keep(at('/s/b'), page('mira', { body: slow.body }));
    await pages.person('mira');
    slow.goOn();
    await keeping;
    expect(await pages.find(at('/s/b'))).not.toBeNull();
    expect(await pages.file(new Request(at(FILE)))).toBeDefined();
  });
});

it('does not keep what was asked for before somebody signed out', async () => {
  const answer = Promise.withResolvers<Response>();
  const keeping = pages.keep(at('/s/a'), answer.promise);
  await pages.clear();
  answer.resolve(page('mira'));
  await keeping;
  expect(await pages.find(at('/s/a'))).toBeNull();
});

it('drops the pages of whoever was here before as soon as the server names another', async () => {
  await pages.keep(at('/s/a'), page('mira'));
  void pages.keep(at('/s/b'), page('jo', { body: stalled().body }));
  await vi.waitFor(async () => expect(await pages.find(at('/s/a'))).toBeNull(), 20_000);
});

it.each([404, 410])('drops a story that answers %d under each of its addresses', async (status) => {
  for (const path of ['/s/a', '/s/a?take=1', '/s/a?take=2', '/s/b'])
    await pages.keep(at(path), page('mira'));
  await pages.keep(at('/s/a?take=1'), page('mira', { status }));
  expect(await pages.find(at('/s/a'))).toBeNull();
  expect(await pages.find(at('/s/a?take=2'))).toBeNull();
  expect(await pages.find(at('/s/b'))).not.toBeNull();
});
