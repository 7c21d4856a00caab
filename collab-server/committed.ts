// The Yjs origin of what is applied to a live document after it was committed.
import type { LocalTransactionOrigin } from '@hocuspocus/server';

/** Updates with this origin are in the log already and must not be appended to it again. */
export const COMMITTED: LocalTransactionOrigin = { source: 'local', skipStoreHooks: true };

/** The Yjs client under which the server writes: one for all nodes, which write in turn. */
export const SERVER_CLIENT_ID = 1;
