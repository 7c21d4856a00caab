// A line that can be cut: TCP to one port, passed on, or not.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** The same address, through the proxy. */
  through(url: string): string;
  /** Resets every connection, and each new one, until `heal`. */
  cut(): void;
  /** Passes nothing on, in either direction, until `heal`; connections stay open. */
  stall(): void;
  /** Connections that are open now stay open, and nothing passes through them ever again. */
  strand(): void;
  heal(): void;
  /** Where connections lead that are made from now on. */
  retarget(target: string): void;
  /** How many connections were reset as they came, so far. */
  readonly refused: number;
  close(): Promise<void>;
}

/** Starts a proxy before the server of a `scheme://host:port` address. */
export async function startTcpProxy(target: string): Promise<TcpProxy> {
  let { hostname, port } = new URL(target);
  const lines = new Set<Line>();
  let mode: 'open' | 'cut' | 'stalled' = 'open';
  let refused = 0;
  const server = createServer((from) => {
    if (mode === 'cut') {
      refused += 1;
      from.on('error', () => undefined);
      from.resetAndDestroy();
      return;
    }
    const line = new Line(from, connect(Number(port), hostname), () => lines.delete(line));
    lines.add(line);
    if (mode === 'open') line.pass();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = portOf(server.address());
  return {
    through: (url) => Object.assign(new URL(url), { hostname: '127.0.0.1', port: own }).href,
    cut: () => {
      mode = 'cut';
      for (const line of lines) line.end();
    },
    stall: () => {
      mode = 'stalled';
      for (const line of lines) line.hold();
    },
    strand: () => {
      for (const line of lines) line.strand();
    },
    heal: () => {
      mode = 'open';
      for (const line of lines) line.pass();
    },
    retarget: (next) => {
      ({ hostname, port } = new URL(next));
    },
    get refused() {
      return refused;
    },
    close: async () => {
      server.close();
      for (const line of lines) line.end();
      await once(server, 'close');
    },
  };
}

/** One connection, and the one behind it. */
class Line {
  readonly #ends: readonly [Socket, Socket];
  #isStranded = false;

  constructor(from: Socket, to: Socket, onEnd: () => void) {
    this.#ends = [from, to];
    for (const end of this.#ends) {
      end.on('error', () => undefined);
      end.on('close', () => {
        this.end();
        onEnd();
      });
    }
  }

  pass(): void {
    if (this.#isStranded) return;
    const [from, to] = this.#ends;
    from.pipe(to).pipe(from);
  }

  hold(): void {
    for (const end of this.#ends) {
      end.unpipe();
      end.pause();
    }
  }

  strand(): void {
    this.#isStranded = true;
    this.hold();
  }

  end(): void {
    for (const end of this.#ends) end.resetAndDestroy();
  }
}

function portOf(address: AddressInfo | string | null): string {
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP');
  return String(address.port);
}
