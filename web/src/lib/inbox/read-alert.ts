import type { TakeId } from '#domain/story/ids.ts';

/** Whoever comes by an alert has read it. The number in the bar follows by itself. */
export async function readAlert(takeId: TakeId): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  // If it does not arrive, the alert stays unread, and that is all.
  await fetch('/api/inbox', { method: 'POST', headers, body: JSON.stringify({ takeId }) }).catch(
    () => undefined,
  );
}
