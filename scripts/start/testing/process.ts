// A process for the tests of the launcher: it answers health checks and does as it is told.
import { createServer } from 'node:http';

const server = createServer((_, response) => response.end(String(process.pid)));
server.listen(Number(process.env['PORT']), '127.0.0.1', () => process.send?.('started'));
process.once('disconnect', () => process.exit());
process.on('SIGTERM', () => {
  if (process.env['STUBBORN'] === undefined) process.exit();
});
