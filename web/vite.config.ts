import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';
import config from '../svelte.config.js';

const collab = process.env['COLLAB_URL'] ?? 'http://127.0.0.1:3001';

export default defineConfig({
  root: import.meta.dirname,
  plugins: [sveltekit(config)],
  server: {
    host: '127.0.0.1',
    fs: { allow: ['..'] },
    proxy: {
      '/collab': { target: collab, ws: true },
      '/yjs': { target: collab, ws: true },
    },
  },
});
