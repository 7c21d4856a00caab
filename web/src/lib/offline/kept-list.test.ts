import { describe, expect, it } from 'vitest';
import {
  addressesIn,
  keptAddress,
  nothingKept,
  ofPerson,
  pageFor,
  withoutPage,
  withoutStory,
  withPage,
  type KeptPage,
} from './kept-list.ts';

const ORIGIN = 'https://tap.example';

function page(path: string, extra: Partial<KeptPage> = {}): KeptPage {
  return { address: `${ORIGIN}${path}`, atMs: 1, bytes: 10, roots: [], files: [], ...extra };
}
const of = (...pages: KeptPage[]) => ({ person: 'mira', pages });
const paths = (list: { readonly pages: readonly KeptPage[] }) =>
  list.pages.map(({ address }) => address.slice(ORIGIN.length));

describe('keptAddress', () => {
  it.each([
    ['/', '/'],
    ['/?from=app', '/'],
    ['/s/tunnel', '/s/tunnel'],
    ['/s/tunnel?x=1&take=7#words', '/s/tunnel?take=7'],
  ])('keeps %s as %s', (asked, kept) => {
    expect(keptAddress(new URL(asked, ORIGIN))).toBe(ORIGIN + kept);
  });

  it.each(['/me', '/inbox', '/s/tunnel/settings/people', '/s/tunnel?at=2026-01-01', '/api/x'])(
    'does not keep %s',
    (asked) => expect(keptAddress(new URL(asked, ORIGIN))).toBeNull(),
  );
});

describe('the list of kept pages', () => {
  it('has a page once, the newest first', () => {
    const list = withPage(of(page('/s/a'), page('/s/b')), page('/s/b', { atMs: 2 }));
    expect(paths(list)).toEqual(['/s/b', '/s/a']);
    expect(list.pages[0]?.atMs).toBe(2);
    expect(paths(withoutPage(list, `${ORIGIN}/s/b`))).toEqual(['/s/a']);
  });

  it('is bounded by number and by size, and a page that is too large alone is not in it', () => {
    let list = of();
    for (let n = 0; n < 40; n += 1) list = withPage(list, page(`/s/${n}`));
    expect(list.pages).toHaveLength(30);
    expect(paths(list)[0]).toBe('/s/39');
    const huge = withPage(list, page('/s/huge', { bytes: 24 * 1024 * 1024 - 15 }));
    expect(paths(huge)).toEqual(['/s/huge', '/s/39']);
    expect(paths(withPage(of(), page('/s/x', { bytes: 1e9 })))).toEqual([]);
  });

  it('lets go of a story with all of its takes', () => {
    const list = of(page('/s/a?take=1'), page('/s/b'), page('/s/a'));
    expect(paths(withoutStory(list, '/s/a'))).toEqual(['/s/b']);
  });

  it('is empty for another person', () => {
    const list = of(page('/s/a'));
    expect(ofPerson(list, 'mira')).toBe(list);
    expect(ofPerson(list, 'jo')).toEqual({ person: 'jo', pages: [] });
  });

  it('shows the page that was asked for, or another take of the same story', () => {
    const list = of(page('/s/a?take=1'), page('/s/a'), page('/s/b?take=2'));
    const shown = (path: string) => pageFor(list, ORIGIN + path)?.address.slice(ORIGIN.length);
    expect(shown('/s/a')).toBe('/s/a');
    expect(shown('/s/a?take=9')).toBe('/s/a?take=1');
    expect(shown('/s/b')).toBe('/s/b?take=2');
    expect(shown('/s/c')).toBeUndefined();
  });

  it('frees a file with the last page that needs it', () => {
    const list = of(page('/s/a', { files: ['x', 'y'] }), page('/s/b', { files: ['y'] }));
    expect([...addressesIn(list)].filter((one) => one.length === 1)).toEqual(['x', 'y']);
    const left = addressesIn(withoutPage(list, `${ORIGIN}/s/a`));
    expect([...left]).toEqual([`${ORIGIN}/s/b`, 'y']);
    expect(addressesIn(nothingKept).size).toBe(0);
  });
});
