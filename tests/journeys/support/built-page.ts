// A page of one script, built as the product is, and served: what needs a browser and no server.
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { build } from 'vite';

export interface BuiltPage {
  readonly origin: string;
  close(): Promise<void>;
}

/** @param script a TypeScript file */
export async function serveBuilt(script: string): Promise<BuiltPage> {
  const files = await filesOf(script);
  const server = createServer((request, response) => {
    const file = files.get(request.url ?? '/');
    response.writeHead(file === undefined ? 404 : 200, {
      'content-type': request.url === '/' ? 'text/html' : 'text/javascript',
    });
    response.end(file);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** What is built, by the path under which it is asked for. */
async function filesOf(script: string): Promise<Map<string, string | Uint8Array>> {
  const built = await build({
    configFile: false,
    root: path.resolve(import.meta.dirname, '../../../web'),
    logLevel: 'error',
    plugins: [svelte({ configFile: false })],
    build: { write: false, rolldownOptions: { input: { page: script } } },
  });
  const outputs = Array.isArray(built) ? built : [built];
  const files = new Map<string, string | Uint8Array>();
  for (const result of outputs) {
    if (!('output' in result)) throw new Error('nothing was built');
    for (const file of result.output) {
      files.set(`/${file.fileName}`, file.type === 'chunk' ? file.code : file.source);
      if (file.type === 'chunk' && file.isEntry) {
        files.set(
          '/',
          `<!doctype html><title>t</title><script type="module" src="/${file.fileName}"></script>`,
        );
      }
    }
  }
  return files;
}
