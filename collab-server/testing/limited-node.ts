// A collab-server with limits of its own, and knocks at its door from addresses of one's own.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { saved, synced, type TestHouse } from './house.ts';
import { headersOf, serve, type TestPerson, type TestServer, type TestStory } from './world.ts';

/** Limits that differ for a peer from those there are. */
export const perAddress = (limits: Partial<Limits['perAddress']>) => ({
  perAddress: { ...defaultLimits.perAddress, ...limits },
});

/** Limits that differ for an account from those there are. */
export const perAccount = (limits: Partial<Limits['perAccount']>) => ({
  perAccount: { ...defaultLimits.perAccount, ...limits },
});

/**
 * A server with some limits, behind a proxy of ours, until the test is over: then somebody else can
 * still write the words of the story.
 */
export async function limitedNode(
  house: TestHouse,
  story: TestStory,
  limits: Partial<Limits>,
): Promise<TestServer> {
  const server = await serve(house.fresh, { limits, proxies: '127.0.0.1' });
  house.onLeave(() => server.stopAll());
  house.onLeave(async () => {
    const bystander = house.join(story.words, house.mira, { url: server.url });
    await synced(bystander);
    wordsOf(bystander.doc).insert(0, 'x');
    await saved(bystander);
    bystander.destroy();
  });
  return server;
}

export interface Knock {
  readonly socket: WebSocket;
  /** `open`, or how it was refused. */
  readonly answer: string;
}

/** Opens a socket from an address of its own; what became of it. */
export async function knock(
  house: TestHouse,
  { url }: TestServer,
  who: TestPerson | null,
  from = '198.51.100.1',
): Promise<Knock> {
  const headers = { ...headersOf(who), 'x-forwarded-for': from };
  const socket = new WebSocket(`${url}${SOCKET_PATH}`, { headers });
  house.onLeave(() => socket.terminate());
  socket.on('error', () => undefined);
  const answer = await Promise.race([
    once(socket, 'open').then(() => 'open'),
    new Promise<string>((resolve) => {
      socket.once('unexpected-response', (_request, { statusCode, headers }) =>
        resolve(`${statusCode} after ${headers['retry-after']}`),
      );
    }),
  ]);
  return { socket, answer };
}
