// Pages and their data leave gzipped. Built files are compressed at build time, sound is already.

const TEXT = /^(text\/html|application\/json)\b/u;
/** Smaller answers fit into the first packets anyway. */
const LEAST_BYTES = 1_400;

/** The same answer, gzipped if it is text and the browser takes that. Streams stay streams. */
export function compressed(request: Request, response: Response): Response {
  const { headers, status, body } = response;
  const accepts = /\bgzip\b/u.test(request.headers.get('accept-encoding') ?? '');
  const text = TEXT.test(headers.get('content-type') ?? '');
  const small = Number(headers.get('content-length') ?? Infinity) < LEAST_BYTES;
  if (body === null || !text || small || headers.has('content-encoding')) return response;
  const sent = new Headers(headers);
  sent.append('vary', 'accept-encoding');
  if (!accepts || request.method === 'HEAD') return new Response(body, { status, headers: sent });
  sent.set('content-encoding', 'gzip');
  sent.delete('content-length');
  const tag = sent.get('etag');
  // The bytes differ from the plain ones, so they may only be called equivalent.
  if (tag !== null && !tag.startsWith('W/')) sent.set('etag', `W/${tag}`);
  const gzip = new CompressionStream('gzip');
  return new Response(body.pipeThrough(gzip), { status, headers: sent });
}
