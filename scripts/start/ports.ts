// Ports are looked at before anything starts, so that a taken one is named and not a stack trace.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from './start-error.ts';

export interface PortWish {
  /** The variable that sets it. */
  readonly variable: string;
  readonly host: string;
  readonly port: number;
}

const POLL_MS = 100;

/**
 * Resolves when every port can be listened on.
 * @param waitMs how long a taken port may still become free
 * @throws {StartError} naming each taken port and the variable that moves it
 */
export async function requirePorts(wishes: readonly PortWish[], waitMs: number): Promise<void> {
  refuseDoubles(wishes);
  const deadline = Date.now() + waitMs;
  for (;;) {
    const taken = [];
    for (const wish of wishes) if (!(await isFree(wish))) taken.push(wish);
    if (taken.length === 0) return;
    if (Date.now() >= deadline) {
      const lines = taken.map(
        ({ variable, host, port }) =>
          `${host}:${port} is in use: stop what listens there, or set ${variable} to another port`,
      );
      throw new StartError(lines.join('\n'));
    }
    await sleep(POLL_MS);
  }
}

function refuseDoubles(wishes: readonly PortWish[]): void {
  for (const [index, { variable, port }] of wishes.entries()) {
    const other = wishes.slice(0, index).find((earlier) => earlier.port === port);
    if (other !== undefined) {
      throw new StartError(
        `${variable} and ${other.variable} are both ${port}: set one to another port`,
      );
    }
  }
}

async function isFree({ host, port }: PortWish): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return true;
  } catch {
    return false;
  }
}
