// What this bundle has opened is closed when the process stops. The other half is web/server.ts:
// the bundle shares no module with it, so the two meet on channels of the process.
import { subscribe } from 'node:diagnostics_channel';

/** Runs `stop` once no request is running any more; the process waits for it. */
export function onStop(stop: () => Promise<void>): void {
  subscribe('tap-story:web:stop', (parts) => {
    if (Array.isArray(parts)) parts.push(stop());
  });
}

/** Runs `end` when the process begins to stop: for answers that would never end by themselves. */
export function onDrain(end: () => void): void {
  subscribe('tap-story:web:drain', () => end());
}
