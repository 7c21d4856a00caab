// Every request: who asks, whether it may change things, and the headers that guard the answer.
import { randomUUID } from 'node:crypto';
import type { Handle, HandleServerError, ServerInit } from '@sveltejs/kit/hooks';
import type { RequestEvent } from '@sveltejs/kit';
import { Problem } from '#domain/protocol/problem.ts';
import { compressed } from '#lib/server/compressed.ts';
import { context } from '#lib/server/context.ts';
import { logFault, problemOf, problemResponse } from '#lib/server/fault.ts';
import { NOBODY, PERSON_HEADER } from '#lib/offline/worker-message.ts';
import { isSameOrigin } from '#lib/server/same-origin.ts';
import { webLog } from '#lib/server/web-log.ts';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'microphone=(self), camera=(), geolocation=(), payment=()',
} as const;

/** Paths that answer without knowing who asks: they must work while the database is away. */
const ANONYMOUS = /^\/(health\/|objects\/|_app\/)/u;

export const init: ServerInit = async () => {
  await context();
};

export const handle: Handle = async ({ event, resolve }) => {
  event.locals.ref = randomUUID().slice(0, 8);
  event.locals.user = null;
  event.locals.sessionId = null;
  event.locals.isKnown = false;
  const refusal = await refuse(event);
  const response =
    refusal ??
    (await resolve(event, {
      transformPageChunk: ({ html }) => html.replace('%theme%', themeOf(event)),
    }));
  return guarded(response, event);
};

/** Reads the session, and refuses a request that may not go on. */
async function refuse(event: RequestEvent): Promise<Response | null> {
  const { request, url, locals } = event;
  try {
    if (!isSameOrigin(request, url.origin)) {
      throw new Problem('forbidden', 'This request comes from another site, so we did nothing.');
    }
    // Postgres takes no U+0000 in a text, and fails over one that it is asked for.
    if (/%00/u.test(url.href)) throw new Problem('bad_request', 'There is no such address.');
    if (!ANONYMOUS.test(url.pathname)) await recognise(event);
    locals.isKnown = true;
    return null;
  } catch (error) {
    const problem = problemOf(error);
    logFault(
      webLog(),
      { error, problem },
      { ref: locals.ref, method: request.method, route: url.pathname },
    );
    // Pages are still shown, to a stranger: what cannot be read says so itself.
    if (problem.code === 'unavailable' && !url.pathname.startsWith('/api/')) return null;
    return problemResponse(problem, locals.ref);
  }
}

async function recognise(event: RequestEvent): Promise<void> {
  const header = event.request.headers.get('cookie');
  if (header === null) return;
  const { sessions } = await context();
  if (sessions.tokenIn(header) === null) return;
  const live = await sessions.read(header);
  const cookie = live === null ? sessions.blank() : live.renewed;
  if (cookie !== null) event.cookies.set(cookie.name, cookie.value, cookie.attributes);
  if (live === null) return;
  event.locals.user = live.user;
  event.locals.sessionId = live.session.id;
}

async function guarded(response: Response, event: RequestEvent): Promise<Response> {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
  const policy = headers.get('content-security-policy');
  if (policy !== null && headers.get('content-type')?.startsWith('text/html')) {
    const { objectOrigin } = await context();
    headers.set('content-security-policy', withObjects(policy, objectOrigin));
    headers.set('cache-control', 'private, no-cache');
    const { isKnown, user } = event.locals;
    if (isKnown) headers.set(PERSON_HEADER, user?.id ?? NOBODY);
  }
  if (event.url.protocol === 'https:') headers.set('strict-transport-security', 'max-age=31536000');
  headers.set('x-request-ref', event.locals.ref);
  const { body, status } = response;
  return compressed(event.request, new Response(body, { status, headers }));
}

/** Browsers upload to and play from the object store directly, if it is not this process. */
function withObjects(policy: string, origin: string | null): string {
  if (origin === null) return policy;
  return policy.replaceAll(/(connect-src|media-src) /gu, `$1 ${origin} `);
}

function themeOf({ cookies }: RequestEvent): string {
  const theme = cookies.get('theme');
  return theme === 'dark' || theme === 'light' ? theme : 'auto';
}

export const handleError: HandleServerError = ({ kind, error, event }) => {
  const { ref } = event.locals;
  if (kind === 'app') return { ...error, ref };
  if (kind !== 'unknown') return { ref };
  const problem = problemOf(error);
  const { method } = event.request;
  logFault(webLog(), { error, problem }, { ref, method, route: event.route.id });
  return { status: problem.status, message: problem.message, ref };
};
