import { expect, test } from 'vitest';
import { isSameOrigin } from './same-origin.ts';

const origin = 'https://tap.example';
const ask = (method: string, headers: Record<string, string>) =>
  isSameOrigin(new Request(`${origin}/api/session`, { method, headers }), origin);

test.each([
  ['POST', { origin }, true],
  ['POST', { origin: 'https://evil.example' }, false],
  ['POST', { origin: 'null' }, false],
  ['POST', { 'sec-fetch-site': 'cross-site' }, false],
  ['POST', { 'sec-fetch-site': 'same-site' }, false],
  ['DELETE', { origin: 'https://tap.example.evil' }, false],
  ['PUT', {}, true],
  ['GET', { origin: 'https://evil.example' }, true],
])('%s with %o may change things: %s', (method, headers, allowed) => {
  expect(ask(method, { ...headers })).toBe(allowed);
});
