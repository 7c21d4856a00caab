import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { compressed } from './compressed.ts';

const page = '<p>tide</p>'.repeat(500);

function asks(encoding: string, method = 'GET'): Request {
  return new Request('http://story.example/', { method, headers: { 'accept-encoding': encoding } });
}

function html(type = 'text/html'): Response {
  const length = String(page.length);
  const headers = { 'content-type': type, etag: '"a1"', 'content-length': length };
  return new Response(page, { status: 203, headers });
}

test('a page is gzipped for whoever takes it, and says so', async () => {
  const answer = compressed(asks('br, gzip'), html());
  expect(answer.status).toBe(203);
  expect(Object.fromEntries(answer.headers)).toEqual({
    'content-type': 'text/html',
    'content-encoding': 'gzip',
    etag: 'W/"a1"',
    vary: 'accept-encoding',
  });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  expect(bytes.length).toBeLessThan(page.length / 10);
  expect(gunzipSync(bytes).toString()).toBe(page);
});

test('whoever does not take it gets the plain page, and caches are told', async () => {
  const answer = compressed(asks('identity'), html());
  expect(answer.headers.get('vary')).toBe('accept-encoding');
  expect(await answer.text()).toBe(page);
});

test.each(['audio/mp4', 'text/event-stream'])('%s is left as it is', (type) => {
  const response = html(type);
  expect(compressed(asks('gzip'), response)).toBe(response);
});
