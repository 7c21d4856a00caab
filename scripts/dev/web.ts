// The web process of `npm run dev`: Vite's server, which shows a changed page at once.
import path from 'node:path';
import { createServer } from 'vite';
import { readConfig } from '#backend/config.ts';
import { runProcess } from '#backend/lifecycle.ts';
import { createLogger } from '#backend/log.ts';

const config = readConfig(process.env);

await runProcess(createLogger('web', config.LOG_LEVEL), async (onStop) => {
  const server = await createServer({
    configFile: path.resolve('web/vite.config.ts'),
    server: { host: config.HOST, port: config.PORT, strictPort: true },
  });
  onStop(() => server.close());
  await server.listen();
});
