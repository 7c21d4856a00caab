// A session for whoever is about to be seen or to write, and has none yet.
import * as v from 'valibot';
import { refreshAll } from '$app/navigation';
import { callApi } from './api.ts';

/**
 * Makes a guest of whoever has no session, and tells the page who they are.
 * @throws {Unreachable}
 */
export async function becomeGuest(): Promise<void> {
  await callApi('POST', '/api/session', { body: {}, answer: v.unknown() });
  await refreshAll();
}
