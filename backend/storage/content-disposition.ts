// The header that makes a browser save a file under a name.

/** A Content-Disposition that offers a name, in ASCII and in full (RFC 6266). */
export function attachment(name: string): string {
  const ascii = name.replaceAll(/[^\w .()-]/gu, '_');
  const full = encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/gu,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${full}`;
}
