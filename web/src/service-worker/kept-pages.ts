// The pages that this device keeps for when there is no line, each with all the files it needs.
import * as v from 'valibot';
import {
  addressesIn,
  keptAddress,
  keptListSchema,
  nothingKept,
  ofPerson,
  pageFor,
  withoutPage,
  withoutStory,
  withPage,
  type KeptList,
  type KeptPage,
} from '../lib/offline/kept-list.ts';
import { filesOfFile, filesOfPage } from '../lib/offline/page-files.ts';
import { PERSON_HEADER } from '../lib/offline/worker-message.ts';

export const PAGES = 'pages-1';

/** Where the list lies in the cache, among the pages. */
const LIST = '/kept-pages.json';
/** More files than this is not a page of ours. */
const MOST_FILES = 500;

/** No page and no file of it may take longer to come, milliseconds. */
const PATIENCE_MS = 60_000;

/** What is read of a file on the way to a whole page. */
interface File {
  readonly address: string;
  readonly response: Response;
  readonly names: readonly string[];
}

/** A page with what it needs, before it is stored. */
interface Download {
  readonly page: KeptPage;
  readonly response: Response;
  /** None if another page that is kept has the same. */
  readonly files: readonly File[];
}

/** A page is in the list only together with every file that it needs; each change is whole. */
export class KeptPages {
  /** Changes of the cache, one after the other; none of them waits for the line. */
  #changes: Promise<unknown> = Promise.resolve();
  /** How often somebody left, or another came. */
  #departures = 0;

  /** Keeps what the server answers for an address, or drops what it says is gone. */
  async keep(url: URL, answer: Response | Promise<Response>): Promise<void> {
    const departures = this.#departures;
    const response = await answer;
    const person = response.headers.get(PERSON_HEADER);
    if (person === null || response.redirected || response.type !== 'basic') return;
    const address = keptAddress(url);
    const isGone = address !== null && (response.status === 404 || response.status === 410);
    await this.#change(async (_, list) => {
      // The answer is to a question that somebody asked who has left since.
      if (departures !== this.#departures && list.person !== person) return list;
      const theirs = ofPerson(list, person);
      return isGone ? withoutStory(theirs, url.pathname) : theirs;
    });
    if (address === null || !response.ok) return;
    const download = await this.#download(address, response);
    await this.#change(async (cache, list) => {
      if (list.person !== person) return list;
      return download === null ? withoutPage(list, address) : store(cache, list, download);
    });
  }

  /** The page says that this person is here now. */
  async person(person: string): Promise<void> {
    await this.#change(async (_, list) => {
      if (list.person !== person) this.#departures += 1;
      return ofPerson(list, person);
    });
  }

  /** Somebody signs out: whoever comes next finds nothing. */
  async clear(): Promise<void> {
    this.#departures += 1;
    await this.#change(async () => nothingKept);
  }

  /** The page as it was last seen, marked as such, if it is kept. */
  async find(url: URL): Promise<Response | null> {
    const address = keptAddress(url);
    if (address === null) return null;
    await this.#changes;
    const cache = await caches.open(PAGES);
    const page = pageFor(await readList(cache), address);
    const kept = page === null ? undefined : await cache.match(page.address);
    return page === null || kept === undefined ? null : marked(kept, page.atMs);
  }

  /** A file of a build, if a kept page needs it. */
  async file(request: Request): Promise<Response | undefined> {
    return (await caches.open(PAGES)).match(request, { ignoreVary: true });
  }

  /** The page with its files, or null if it is none that works alone. @throws if any is missing */
  async #download(address: string, response: Response): Promise<Download | null> {
    const html = await inTime(response.text());
    const roots = filesOfPage(html, address);
    // Without scripts of a build it is not a page that works alone.
    if (roots.length === 0) return null;
    const cache = await caches.open(PAGES);
    const twin = twinOf(await readList(cache), roots);
    const files = twin === undefined ? await filesFor(cache, roots) : [];
    const page: KeptPage = {
      address,
      atMs: Date.now(),
      bytes: new Blob([html]).size,
      roots,
      files: twin?.files ?? files.map((file) => file.address),
    };
    const { status, headers } = response;
    return { page, response: new Response(html, { status, headers }), files };
  }

  /** One change of the list at a time. */
  #change(work: ListChange): Promise<void> {
    const change = this.#changes.then(() => apply(work));
    // A page that cannot be kept, as on a full disk, is not kept, and that is all.
    this.#changes = change.catch(() => undefined);
    return change;
  }
}

/** A page that is kept already and names the same files. */
function twinOf({ pages }: KeptList, roots: readonly string[]): KeptPage | undefined {
  return pages.find((page) => String(page.roots) === String(roots));
}

async function store(cache: Cache, list: KeptList, download: Download): Promise<KeptList> {
  const { page, response, files } = download;
  // The page whose files this one shares may have gone meanwhile, and its files with it.
  if (files.length === 0 && twinOf(list, page.roots) === undefined) return list;
  for (const file of files) await cache.put(file.address, file.response);
  await cache.put(page.address, response);
  return withPage(list, page);
}

/** @throws if it takes too long */
async function inTime<T>(work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('it takes too long')), PATIENCE_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

type ListChange = (cache: Cache, list: KeptList) => Promise<KeptList>;

/** Changes the list; what is in it no more, or did not come to be in it, leaves the cache. */
async function apply(work: ListChange): Promise<void> {
  const cache = await caches.open(PAGES);
  const before = await readList(cache);
  let after = before;
  try {
    after = await work(cache, before);
    if (after === before) return;
    await cache.put(LIST, Response.json(after));
  } catch (error) {
    after = before;
    throw error;
  } finally {
    await removeUnlisted(cache, after);
  }
}

async function readList(cache: Cache): Promise<KeptList> {
  const stored: unknown = await (await cache.match(LIST))?.json();
  const list = v.safeParse(keptListSchema, stored);
  return list.success ? list.output : nothingKept;
}

async function removeUnlisted(cache: Cache, list: KeptList): Promise<void> {
  const listed = addressesIn(list);
  for (const request of await cache.keys()) {
    if (new URL(request.url).pathname !== LIST && !listed.has(request.url)) {
      await cache.delete(request);
    }
  }
}

/** Every file that these need in the end. @throws if any of them cannot be had */
async function filesFor(cache: Cache, roots: readonly string[]): Promise<File[]> {
  const files = new Map<string, File>();
  let asked = [...roots];
  while (asked.length > 0) {
    if (files.size + asked.length > MOST_FILES) throw new Error('more files than a page has');
    const level = await Promise.all(asked.map((address) => readFile(cache, address)));
    for (const file of level) files.set(file.address, file);
    const named = new Set(level.flatMap(({ names }) => names));
    asked = [...named].filter((address) => !files.has(address));
  }
  return [...files.values()];
}

async function readFile(cache: Cache, address: string): Promise<File> {
  const response =
    (await cache.match(address)) ??
    (await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) }));
  if (!response.ok) throw new Error(`no file at ${address}`);
  // All of it is here before it is stored: a change of the cache waits for no line.
  const body = await response.blob();
  const { status, headers } = response;
  const whole = new Response(body, { status, headers });
  return { address, names: filesOfFile(await body.text(), address), response: whole };
}

/** The page says by itself when it was seen, as an attribute that the running page reads. */
async function marked(page: Response, atMs: number): Promise<Response> {
  const html = await page.text();
  return new Response(html.replace('<html ', `<html data-kept="${atMs}" `), {
    status: page.status,
    headers: page.headers,
  });
}
