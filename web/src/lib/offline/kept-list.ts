// The list of pages that this device keeps: whose they are, how many, and which one is shown.
import * as v from 'valibot';

const keptPageSchema = v.object({
  address: v.string(),
  /** When the server made it, milliseconds since the epoch. */
  atMs: v.number(),
  /** Of the page alone; files are shared. */
  bytes: v.number(),
  /** The files that the page itself names. */
  roots: v.array(v.string()),
  /** All that it needs, with what those files name in turn. */
  files: v.array(v.string()),
});
export type KeptPage = v.InferOutput<typeof keptPageSchema>;

export const keptListSchema = v.object({
  /** Whose pages these are, as the server says it; empty until it has said so. */
  person: v.string(),
  /** Newest first. */
  pages: v.array(keptPageSchema),
});
export type KeptList = v.InferOutput<typeof keptListSchema>;

export const nothingKept: KeptList = { person: '', pages: [] };

/** Most pages that are kept, and most bytes of all of them together. */
const MOST = { pages: 30, bytes: 24 * 1024 * 1024 } as const;

/**
 * The address under which a page is kept, or null for one that is not: the list of stories and
 * stories themselves are, with the take that is chosen and no other part of the query.
 */
export function keptAddress(url: URL): string | null {
  if (url.pathname !== '/' && !/^\/s\/[^/]+$/u.test(url.pathname)) return null;
  // A story as it was is not the story.
  if (url.searchParams.has('at')) return null;
  const take = url.pathname === '/' ? null : url.searchParams.get('take');
  const kept = new URL(url.pathname, url);
  if (take !== null) kept.searchParams.set('take', take);
  return kept.href;
}

/** The list with a page in front of it, in the place of its older self, and without what is too much. */
export function withPage(list: KeptList, page: KeptPage): KeptList {
  const others = withoutPage(list, page.address).pages;
  let bytes = 0;
  const pages = [page, ...others].filter((one, index) => {
    bytes += one.bytes;
    return index < MOST.pages && bytes <= MOST.bytes;
  });
  return { ...list, pages };
}

export function withoutPage(list: KeptList, address: string): KeptList {
  return { ...list, pages: list.pages.filter((page) => page.address !== address) };
}

/** The list without a story, whichever of its takes was chosen. */
export function withoutStory(list: KeptList, path: string): KeptList {
  return { ...list, pages: list.pages.filter(({ address }) => new URL(address).pathname !== path) };
}

/** The list once the server has said who is here: another person's pages are not in it. */
export function ofPerson(list: KeptList, person: string): KeptList {
  return list.person === person ? list : { person, pages: [] };
}

/**
 * The page to show for an address: that one, or else the newest of the same story, which has the
 * same takes.
 */
export function pageFor({ pages }: KeptList, address: string): KeptPage | null {
  const same = pages.find((page) => page.address === address);
  const path = new URL(address).pathname;
  return same ?? pages.find((page) => new URL(page.address).pathname === path) ?? null;
}

/** Everything that the pages of a list need, themselves included. */
export function addressesIn({ pages }: KeptList): Set<string> {
  return new Set(pages.flatMap(({ address, files }) => [address, ...files]));
}
