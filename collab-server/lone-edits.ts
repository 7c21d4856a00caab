// When an edit leaves for the readers of its document.
import type { Document } from '@hocuspocus/server';

/** A document in which nothing was written for so long is quiet, milliseconds. */
const QUIET_MS = 5;

/**
 * Has an edit of a quiet document leave at once. Hocuspocus gathers what comes in one turn of the
 * event loop: that bears thousands of edits a second, and costs one that comes alone a tenth of its
 * way. What follows on it within `QUIET_MS` is gathered as ever.
 */
export function hastenLoneEdits(document: Document, now = () => performance.now()): void {
  let newestMs = -Infinity;
  document.on('update', () => {
    const wasQuiet = now() - newestMs > QUIET_MS;
    newestMs = now();
    if (wasQuiet) document.flush();
  });
}
