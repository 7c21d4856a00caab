import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { requirePorts } from './ports.ts';

let server: Server | undefined;
afterEach(() => server?.close());

async function occupy(): Promise<number> {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test('a taken port is named with the variable that moves it', async () => {
  const port = await occupy();
  const wish = { variable: 'PORT', host: '127.0.0.1', port };
  await expect(requirePorts([wish], 0)).rejects.toThrow(
    `127.0.0.1:${port} is in use: stop what listens there, or set PORT to another port`,
  );
});

test('a port that becomes free while we wait is fine', async () => {
  const port = await occupy();
  const waiting = requirePorts([{ variable: 'PORT', host: '127.0.0.1', port }], 10_000);
  server?.close();
  await expect(waiting).resolves.toBeUndefined();
});

test('two parts on one port are refused before anything starts', async () => {
  const wishes = ['PORT', 'COLLAB_PORT'].map((variable) => ({
    variable,
    host: '127.0.0.1',
    port: 65_001,
  }));
  await expect(requirePorts(wishes, 0)).rejects.toThrow('COLLAB_PORT and PORT are both 65001');
});
