// What a browser and the collab-server say to each other beside Yjs: rooms, presence, notices.
import * as v from 'valibot';
import { opennessSchema, roles } from '../access/policy.ts';
import {
  storyIdSchema,
  takeIdSchema,
  userIdSchema,
  type StoryId,
  type TakeId,
  type UserId,
} from '../story/ids.ts';

/** A document that a socket may open. */
export type Room =
  | { readonly kind: 'story'; readonly storyId: StoryId }
  | { readonly kind: 'words'; readonly takeId: TakeId }
  /** What one person has not published yet of one story. */
  | { readonly kind: 'draft'; readonly userId: UserId; readonly storyId: StoryId };

/** The document name of a room: `story:<id>`, `take:<id>:words` or `draft:<user>:<story>`. */
export function roomName(room: Room): string {
  switch (room.kind) {
    case 'story':
      return `story:${room.storyId}`;
    case 'words':
      return `take:${room.takeId}:words`;
    case 'draft':
      return `draft:${room.userId}:${room.storyId}`;
  }
}

/**
 * The room of a document name, or null for a name that no room has. A room has one name only: an
 * id in capitals would open a second document of the same story.
 */
export function parseRoom(name: string): Room | null {
  const room = readRoom(name.split(':'));
  return room !== null && roomName(room) === name ? room : null;
}

function readRoom([head, id, tail]: readonly string[]): Room | null {
  if (head === 'story') {
    const story = v.safeParse(storyIdSchema, id);
    return story.success ? { kind: 'story', storyId: story.output } : null;
  }
  if (head === 'take' && tail === 'words') {
    const take = v.safeParse(takeIdSchema, id);
    return take.success ? { kind: 'words', takeId: take.output } : null;
  }
  if (head === 'draft') {
    const user = v.safeParse(userIdSchema, id);
    const story = v.safeParse(storyIdSchema, tail);
    if (user.success && story.success) {
      return { kind: 'draft', userId: user.output, storyId: story.output };
    }
  }
  return null;
}

/** Where the web process lets sockets in: Hocuspocus' framing, and y-websocket's. */
export const SOCKET_PATH = '/collab';
export const Y_WEBSOCKET_PATH = '/yjs';

/**
 * WebSocket close codes of ours; 4000 to 4999 is the range for applications (RFC 6455, 7.4.2). The
 * reason is a reference into the server's log. Whatever is refused leaves the document as it was.
 * Clients read of them in docs/protocol.md, which a test holds against this.
 * After 4400, 4413, 4422 and 4424 the same again is of no use; after the others, reconnect and resync.
 */
export const CLOSE = {
  /** The client sent what no client of ours sends: a frame or an update that does not decode. */
  malformed: 4400,
  /**
   * The session has ended, or is not that of the person whose id the page gave as its token. The
   * page goes on as a listener, or with a new session.
   */
  unauthorized: 4401,
  /** The last document of the socket was taken away: whoever has it may not read it any more. */
  forbidden: 4403,
  /** No document was open on the socket for long. */
  idle: 4408,
  /**
   * An update has changes under a Yjs client id that is somebody else's, or the server's. Write
   * under a new client id. (In the answer to a state vector such changes are left out instead.)
   */
  notYours: 4409,
  /** The story was deleted. It may come back. */
  gone: 4410,
  /** The document would be larger than it may be. */
  tooLarge: 4413,
  /** An update has what the document has no place for: another root, another type, other fields. */
  unfit: 4422,
  /**
   * Changes follow on some of somebody else's that were lost before they were saved, and whose
   * author did not come back with them. Open the document anew, and write them again.
   */
  stranded: 4424,
  /**
   * More sockets, documents, messages, bytes or client ids than one person may use. The reason
   * begins with how long to wait before another try, as `waitSecondsIn` reads it.
   */
  tooMuch: 4429,
  internal: 4500,
} as const;

/** The reason of a close with `tooMuch`. */
export function waitReason(seconds: number, ref: string): string {
  return `wait ${seconds} s, ${ref}`;
}

/** How long such a reason asks to wait, seconds; null if it does not. */
export function waitSecondsIn(reason: string): number | null {
  const seconds = /^wait (\d{1,4}) s/u.exec(reason)?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/**
 * Why a document was closed on a socket that may go on: the reason in Hocuspocus' close message,
 * and that of the socket's close code if it was its last document.
 */
export const putOutCodes = {
  /** The story was deleted. */
  gone: CLOSE.gone,
  /** The session may not read it any more. */
  forbidden: CLOSE.forbidden,
  /** The session may write it from now on: open it again, at once, and send what was not taken. */
  reopen: 1012,
} as const;
export type PutOut = keyof typeof putOutCodes;

/**
 * The reason in Hocuspocus' close message when what a client sent of a document was refused for
 * good; the socket is closed after it, with the code that says why.
 */
export const REFUSED = 'refused';

/** What a person does in a room, as others see it. Spread through Yjs awareness. */
export const presenceSchema = v.object({
  user: v.object({
    id: v.string(),
    name: v.pipe(v.string(), v.maxLength(40)),
    hue: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(7)),
  }),
  /** The take whose tail the person records over, while they do. */
  recordingOver: v.optional(v.nullable(takeIdSchema)),
  /** The caret in a words document, as Yjs relative positions in JSON. */
  caret: v.optional(v.nullable(v.object({ anchor: v.unknown(), head: v.unknown() }))),
});
export type Presence = v.InferOutput<typeof presenceSchema>;

/**
 * The client id, in awareness, under which the server says how many are in a room. It is nobody's:
 * only so many people have an entry of their own there, those first who record or write.
 */
export const CROWD_CLIENT_ID = 1;

const countSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const crowdSchema = v.object({
  /** People who are present, however many tabs they have open. */
  people: countSchema,
  /** Sockets of those who have no session. */
  listeners: countSchema,
});
export type Crowd = v.InferOutput<typeof crowdSchema>;

export const stageSchema = v.picklist(['ingest', 'render']);
export type Stage = v.InferOutput<typeof stageSchema>;

/** A stateless notice to everyone in a story: how far the worker is with a take. Never stored. */
export const progressNoticeSchema = v.object({
  type: v.literal('progress'),
  takeId: takeIdSchema,
  stage: stageSchema,
  /** Share of this stage that is done, 0 to 1. */
  done: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
});
export type ProgressNotice = v.InferOutput<typeof progressNoticeSchema>;

/**
 * A stateless notice to one client in a story's tree: what its person is there now. Sent at the
 * start and whenever that changes.
 */
export const standingNoticeSchema = v.object({
  type: v.literal('standing'),
  role: v.picklist(roles),
  openness: opennessSchema,
});
export type StandingNotice = v.InferOutput<typeof standingNoticeSchema>;
