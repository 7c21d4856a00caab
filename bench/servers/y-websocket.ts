// y-websocket's own server, as its `server.js` does it, on a port that it reports.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { setupWSConnection } from '@y/websocket-server/utils';
import { listen } from './serve.ts';

const sockets = new WebSocketServer({ noServer: true });
const http = createServer();
http.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, (opened) => setupWSConnection(opened, request));
});
listen(http);
