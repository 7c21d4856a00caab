// Hocuspocus as it comes, without any of ours: what bench/propagation.bench.ts compares with.
import { createServer } from 'node:http';
import { Hocuspocus, type WebSocketLike } from '@hocuspocus/server';
import nodeAdapter from 'crossws/adapters/node';
import type { Peer } from 'crossws';

const hocuspocus = new Hocuspocus({ quiet: true });
const open = new WeakMap<Peer, ReturnType<Hocuspocus['handleConnection']>>();
const sockets = nodeAdapter({
  hooks: {
    open: (peer) => {
      const socket = peer.websocket as WebSocketLike;
      open.set(peer, hocuspocus.handleConnection(socket, peer.request));
    },
    message: (peer, message) => open.get(peer)?.handleMessage(message.uint8Array()),
    close: (peer, { code = 1006, reason = '' }) => open.get(peer)?.handleClose({ code, reason }),
  },
});
const http = createServer();
http.on('upgrade', (request, socket, head) => void sockets.handleUpgrade(request, socket, head));
http.listen(0, '127.0.0.1', () => {
  const address = http.address();
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined });
});
process.once('disconnect', () => process.exit(0));
