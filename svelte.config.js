// SvelteKit's options. SvelteKit 3 wants them in the Vite config: `web/vite.config.ts` hands these on.
import adapter from '@sveltejs/adapter-node';

/** The style that SvelteKit's own route announcer carries as an attribute. */
const ROUTE_ANNOUNCER_STYLE = 'sha256-S8qMpvofolR8Mpjy4kQvEm7m1q8clzU4dfDH0AmvZjo=';

/** @type {import('@sveltejs/kit/vite').Config} */
export default {
  adapter: adapter({ out: 'build/web' }),
  // Our own check covers more (every method and type, in development too): hooks.server.ts. Kit's
  // would also refuse an upload by a program, which sends neither an Origin nor a content type.
  csrf: { trustedOrigins: ['*'] },
  csp: {
    mode: 'auto',
    // `connect-src` and `media-src` gain the object store's origin at run time: web/src/hooks.server.ts
    directives: {
      'default-src': ['none'],
      'script-src': ['self'],
      'style-src': ['self'],
      'style-src-attr': ['unsafe-hashes', ROUTE_ANNOUNCER_STYLE],
      'img-src': ['self', 'data:'],
      'font-src': ['self'],
      'connect-src': ['self'],
      'media-src': ['self', 'blob:'],
      'worker-src': ['self', 'blob:'],
      'manifest-src': ['self'],
      'form-action': ['self'],
      'base-uri': ['none'],
      'object-src': ['none'],
      'frame-ancestors': ['none'],
    },
  },
};
