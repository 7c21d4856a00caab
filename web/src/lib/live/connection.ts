// What the page says about its line to the room, from what the socket and the room report.

/** `waiting`: the server asked us to come back later, because too much came from here. */
export type Connection = 'connecting' | 'live' | 'offline' | 'waiting';

/**
 * `open`, `closed`: the socket did; `deferred`: it closed to be opened later. `synced`: the room answered with its whole state. `lost`,
 * `found`: the browser says that the network went, or came back.
 */
export type LineEvent = 'open' | 'synced' | 'closed' | 'deferred' | 'lost' | 'found';

export interface Line {
  readonly connection: Connection;
  /** Times the socket closed since the line was last live. */
  readonly closes: number;
}

export const newLine: Line = { connection: 'connecting', closes: 0 };

/** A blip that heals at the first new attempt is 'connecting'; from the second failure, 'offline'. */
const PATIENCE = 2;

/** Only a room that has answered is 'live': an open socket alone shows nothing of the story. */
export function followLine(line: Line, event: LineEvent): Line {
  if (event === 'synced') return { connection: 'live', closes: 0 };
  if (event === 'lost') {
    return { connection: 'offline', closes: Math.max(line.closes, PATIENCE) };
  }
  if (event === 'deferred') return { connection: 'waiting', closes: 0 };
  if (event === 'closed') {
    const closes = line.closes + 1;
    return { connection: closes < PATIENCE ? 'connecting' : 'offline', closes };
  }
  return line.connection === 'live' ? line : { ...line, connection: 'connecting' };
}

/** The line in words, for the dot's label and for screen readers. */
export const connectionWords: Record<Connection, string> = {
  connecting: 'Connecting',
  live: 'Live',
  offline: 'Offline',
  waiting: 'Too much at once from here. It goes on in a moment',
};

/** In their place, once the session is over. */
export const signedOutWords = 'Signed out. You are listening';

/** The same once the story is deleted. */
export const deletedWords = 'This story was deleted';
