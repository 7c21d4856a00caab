// Against forged requests: what changes something must come from a page of ours.
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * True if a request may change things: it is safe by its method, or the browser says that it comes
 * from our own origin. A request with neither `Origin` nor `Sec-Fetch-Site` is not a browser's
 * cross-site one and carries no cookie that a person did not put there, so it passes.
 */
export function isSameOrigin(request: Request, origin: string): boolean {
  if (SAFE.has(request.method)) return true;
  const from = request.headers.get('origin');
  if (from !== null) return from === origin;
  const site = request.headers.get('sec-fetch-site');
  return site === null || site === 'same-origin' || site === 'none';
}
