// What may truthfully be said about the words on the screen.

export type SavedStatus = 'opening' | 'saving' | 'saved' | 'offline' | 'refused';

/**
 * 'saved' only while the room is open and the server has acknowledged every change, which it does
 * after it has committed them.
 */
export function savedStatus(line: {
  /** The socket is open. */
  readonly open: boolean;
  /** The room has answered since the socket opened. */
  readonly synced: boolean;
  readonly unsaved: boolean;
  readonly refused: boolean;
  /** The room has answered at least once, on whatever socket. */
  readonly known: boolean;
}): SavedStatus {
  if (line.refused) return 'refused';
  if (!line.known) return 'opening';
  if (!line.open) return 'offline';
  return line.unsaved || !line.synced ? 'saving' : 'saved';
}

const words: Record<SavedStatus, string> = {
  opening: 'Opening the words',
  saving: 'Saving',
  saved: 'Saved',
  offline: 'Offline',
  refused: 'Too long, with what others wrote meanwhile. Shorten the words, and they are saved',
};

/** The status in words, for everybody and for screen readers. */
export function describeStatus(status: SavedStatus, hasUnsaved: boolean): string {
  return status === 'offline' && hasUnsaved
    ? 'Offline. Keep this page open: your words are saved when the line is back'
    : words[status];
}
