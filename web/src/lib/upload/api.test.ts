import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { expect, test } from 'vitest';
import { callApi, Refused, Unreachable } from './api.ts';

const answer = v.object({ takeId: v.string() });
/** Calls a server that answers so. */
const called = (status: number, body: unknown) =>
  callApi(
    'POST',
    '/api/stories',
    { answer },
    { fetch: async () => Response.json(body, { status }) },
  );

test('a refusal says why, in the server’s own words', async () => {
  const error = { code: 'parent_unusable', message: 'It was hidden. Yours is safe.' };
  const refused = called(409, { error });
  await expect(refused).rejects.toThrow(Refused);
  await expect(refused).rejects.toMatchObject({ status: 409, problem: error });
});

test('a refusal that only a later version of the page knows is no lost line', async () => {
  const error = { code: 'moon_is_full', message: 'Not tonight. Yours is safe.', since: 'dusk' };
  const refused = called(409, { error });
  await expect(refused).rejects.toThrow(Refused);
  await expect(refused).rejects.toMatchObject({
    message: error.message,
    problem: { code: 'unknown', message: error.message },
  });
});

test('what is not of our making says nothing about the take: it may be sent again', async () => {
  for (const body of [{}, { error: { code: 'conflict' } }, 'a proxy’s page'])
    await expect(called(409, body)).rejects.toThrow(Unreachable);
  const error = { code: 'internal', message: 'It broke.' };
  await expect(called(500, { error })).rejects.toThrow(Unreachable);
  await expect(called(200, { id: 1 })).rejects.toThrow(Unreachable);
});

test('known failure 3: a server that takes a call and never answers is a lost line', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const reach: typeof fetch = (_path, how) => fetch(`http://127.0.0.1:${port}/`, how);
  const call = callApi('POST', '/api/stories', { answer }, { fetch: reach, answerMs: 20 });
  await expect(call).rejects.toThrow(Unreachable);
  server.closeAllConnections();
  server.close();
});
