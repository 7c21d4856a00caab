// Hocuspocus as it comes, without a store.
import { Hocuspocus } from '@hocuspocus/server';
import { serveHocuspocus } from './serve.ts';

serveHocuspocus(new Hocuspocus({ quiet: true }));
