import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { createLogger } from '#backend/log.ts';
import { Service } from './service.ts';

const running: Service[] = [];
afterEach(async () => {
  for (const service of running.splice(0)) await service.stop(0);
});

async function service(extra: Record<string, string> = {}, entry = 'testing/process.ts') {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  server.close();
  await once(server, 'close');
  const url = `http://127.0.0.1:${address.port}`;
  const made = new Service({
    name: 'test',
    root: import.meta.dirname,
    entry: path.join(import.meta.dirname, entry),
    env: { ...process.env, PORT: String(address.port), ...extra },
    readyUrl: url,
    log: createLogger('test', 'silent'),
    write: () => undefined,
  });
  running.push(made);
  const pid = async () => Number(await (await fetch(url)).text());
  return { service: made, pid };
}

test('a process that dies is started again', async () => {
  const { service: it, pid } = await service();
  await it.start();
  const first = await pid();
  process.kill(first, 'SIGKILL');
  await vi.waitFor(async () => expect(await pid()).not.toBe(first), { timeout: 25_000 });
});

test('a process that is told to stop is not started again', async () => {
  const { service: it, pid } = await service();
  await it.start();
  const first = await pid();
  await it.stop(5_000);
  expect(() => process.kill(first, 0)).toThrow(/ESRCH/);
  await expect(pid()).rejects.toThrow('fetch failed');
});

test('a process that does not stop in time is killed', async () => {
  const { service: it, pid } = await service({ STUBBORN: 'yes' });
  await it.start();
  const first = await pid();
  await it.stop(100);
  expect(() => process.kill(first, 0)).toThrow(/ESRCH/);
});

test('a process that ends while starting fails the start', async () => {
  const { service: it } = await service({}, 'testing/no-such-file.ts');
  await expect(it.start()).rejects.toThrow(/test ended while starting/);
});
