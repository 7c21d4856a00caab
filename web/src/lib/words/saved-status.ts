// What may truthfully be said about the words on the screen.

export type SavedStatus =
  | 'opening'
  | 'saving'
  | 'late'
  | 'saved'
  | 'offline'
  | 'refused'
  | 'forbidden';

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
  /** The server takes changes and acknowledges none. */
  readonly late: boolean;
  readonly refused: boolean;
  /** The server lets nobody of this session write here, or not even read. */
  readonly forbidden: boolean;
  /** The room has answered at least once, on whatever socket. */
  readonly known: boolean;
}): SavedStatus {
  if (line.refused) return 'refused';
  if (line.forbidden && line.unsaved) return 'forbidden';
  if (!line.known) return 'opening';
  if (!line.open) return 'offline';
  if (line.unsaved && line.late) return 'late';
  return line.unsaved || !line.synced ? 'saving' : 'saved';
}

const words: Record<SavedStatus, string> = {
  opening: 'Opening the words',
  saving: 'Saving',
  late: 'Not saved yet: Tap Story cannot store your words just now. We go on trying',
  saved: 'Saved',
  offline: 'Offline',
  refused: 'Too long, with what others wrote meanwhile. Shorten the words, and they are saved',
  forbidden: 'These words were not taken: you may not write here any more',
};

/**
 * The status in words, for everybody and for screen readers. `keptHere`: what is unsaved lies on
 * this device for certain.
 */
export function describeStatus(
  status: SavedStatus,
  { hasUnsaved, keptHere }: { readonly hasUnsaved: boolean; readonly keptHere: boolean },
): string {
  if (!hasUnsaved) return words[status];
  if (status === 'offline') {
    return keptHere
      ? 'Offline. Kept on this device, and saved when the line is back'
      : 'Offline. Keep this page open: your words are saved when the line is back';
  }
  if (status === 'late') {
    return keptHere
      ? `${words.late}, and they are kept on this device`
      : `${words.late}. Keep this page open`;
  }
  const isRefusal = status === 'refused' || status === 'forbidden';
  return isRefusal && keptHere ? `${words[status]}. Kept on this device` : words[status];
}
