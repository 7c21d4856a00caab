// A session for whoever is about to publish and, as far as their page knows, has none.
import { enteredSchema, type Entered } from '#domain/protocol/commands.ts';
import { callApi } from './api.ts';
import { retrying, type RetryOptions } from './retry.ts';

/** Somebody signed in elsewhere in this browser, and the page did not know it. */
export class SomebodyIsHere extends Error {
  override readonly name = 'SomebodyIsHere';
  readonly user: Entered['user'];
  constructor(user: Entered['user']) {
    super(
      `Somebody signed in here as ${user.name} meanwhile. Your words are still here: ` +
        `press Publish again to publish them as ${user.name}.`,
    );
    this.user = user;
  }
}

/**
 * Makes a guest under this name of whoever has no session. The page is not told.
 * @returns who is here now; `isNew` is false if somebody was, who need not be who wrote
 * @throws {Unreachable}
 */
export function enter(name: string, options: RetryOptions = {}): Promise<Entered> {
  const body = name === '' ? {} : { name };
  return retrying(() => callApi('POST', '/api/session', { body, answer: enteredSchema }), options);
}
