// What the player says to a person.

export const STILL_MIXING = 'This path is still being mixed. It can be played in a moment.';
export const NO_ENGINE =
  'The player did not load. Check your connection, then press Play again. Your place is kept.';
export const DROPPED =
  'The network dropped. What is loaded plays on, and the rest comes by itself.';
export const UNPLAYABLE =
  'This path could not be played. Your place is kept. Press Play to try again.';
export const MISSING =
  'The next part of this path cannot be found. Your place is kept. Press Play to try again, or go to another place or branch.';
export const WAITS_FOR_TAP = 'Your browser waits for a tap before it plays sound.';

/** MediaError.MEDIA_ERR_NETWORK. */
const NETWORK_ERROR = 2;

/** What an element's error means, by its code. */
export function wordsOfError(code: number | undefined): string {
  return code === NETWORK_ERROR
    ? 'The network dropped while we loaded this path. Your place is kept. Press Play to try again.'
    : UNPLAYABLE;
}
