// Which files of the build a page needs: read out of the page itself, and then out of each file.

/** What a build calls by its content, so that one name never means two things. */
const BUILT = '/_app/immutable/';

const LINKS = /<link\b[^>]*?\bhref="([^"]+\.(?:js|css))"/gu;
const SCRIPTS = /<script\b[^>]*>(.*?)<\/script>/gsu;
const IMPORTS = /\bimport\("([^"]+)"\)/gu;
/** A relative path in quotes, as bundlers write imports and what they preload. */
const PATHS = /["'`](\.{1,2}\/[\w./-]+\.(?:js|css))["'`]/gu;

/**
 * The scripts and styles that a page's HTML names itself, as addresses. Only markup and code are
 * read: what people wrote is text there, and cannot name a file.
 */
export function filesOfPage(html: string, address: string): string[] {
  const links = [...html.matchAll(LINKS)].map(([, path]) => path);
  const imports = [...html.matchAll(SCRIPTS)].flatMap(([, code = '']) =>
    [...code.matchAll(IMPORTS)].map(([, path]) => path),
  );
  return built([...links, ...imports], address);
}

/** The scripts and styles that a file of the build names, as addresses. */
export function filesOfFile(text: string, address: string): string[] {
  return built(
    [...text.matchAll(PATHS)].map(([, path]) => path),
    address,
  );
}

/** True for the address of a file whose content never changes. */
export function isBuilt(url: URL): boolean {
  return url.pathname.startsWith(BUILT);
}

function built(paths: readonly (string | undefined)[], address: string): string[] {
  const urls = paths.flatMap((path) => (path === undefined ? [] : new URL(path, address)));
  const ours = urls.filter((url) => url.origin === new URL(address).origin && isBuilt(url));
  return [...new Set(ours.map(({ href }) => href))];
}
