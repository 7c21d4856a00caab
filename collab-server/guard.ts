// What is refused before Yjs sees it. Yjs applies whatever decodes, so what must not be applied
// has to be stopped here.
import * as Y from 'yjs';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';
import { Bucket } from './bucket.ts';
import { decodeUpdate, type Struct } from './decode-update.ts';
import { deletedWithin, effectOf, rangesOf, type Ranges } from './deletions.ts';
import { FRAME, MalformedFrame, readFrame, STEP, syncIn, type Frame } from './frames.ts';
import { TooMuch } from './refusals.ts';

/** Largest frame that a socket takes, bytes; the WebSocket layer refuses more with 1009. */
export const MAX_FRAME_BYTES = 512 * 1024;

/** The longest names are those of drafts, 79 bytes; a provider may add a session. */
const MAX_ADDRESS_BYTES = 127;
/** Largest frame of presence, bytes: some clients echo that of all whom they were told of. */
const MAX_PRESENCE_BYTES = 64 * 1024;
/** Whole answers that a socket gets of one document at once; after that, one in so many ms. */
const SYNCS_AT_ONCE = 4;
const SYNC_EVERY_MS = 2_000;
/** Documents that are counted at once. */
const MOST_COUNTED = 1_000;
/** What clients of ours send. */
const SPOKEN: ReadonlySet<number> = new Set([
  FRAME.sync,
  FRAME.presence,
  FRAME.auth,
  FRAME.queryPresence,
  FRAME.syncReply,
  FRAME.close,
  FRAME.ping,
  FRAME.pong,
]);

/** Frames of presence that a socket may send at once, and then each second. */
const PRESENCE_AT_ONCE = 100;
const PRESENCE_PER_S = 30;

/** Checks the frames of one socket. */
export class FrameGuard {
  readonly #now: () => number;
  /** When each document may be asked for `SYNCS_AT_ONCE` times again, milliseconds. */
  readonly #restedMs = new Map<string, number>();
  readonly #presence: Bucket;

  constructor(now: () => number = Date.now) {
    this.#now = now;
    this.#presence = new Bucket({ atOnce: PRESENCE_AT_ONCE, perSecond: PRESENCE_PER_S }, now);
  }

  /**
   * @returns the head of the frame
   * @throws {MalformedFrame | TooMuch} for a frame that must not reach Hocuspocus or Yjs
   */
  check(frame: Uint8Array): Frame {
    const head = readFrame(frame);
    if (!SPOKEN.has(head.type))
      throw new MalformedFrame(`frames of type ${head.type} are not sent`);
    assertAddress(frame, head);
    if (head.type === FRAME.presence && frame.byteLength > MAX_PRESENCE_BYTES) {
      throw new MalformedFrame('nobody has so much presence');
    }
    const isPresence = head.type === FRAME.presence || head.type === FRAME.queryPresence;
    if (isPresence && !this.#presence.take(1)) {
      throw new TooMuch('presence, faster than anybody moves a caret');
    }
    const sync = syncIn(head);
    if (sync?.step === STEP.stateVector) this.#countSync(head.document);
    else if (sync !== null) decodeUpdate(sync.payload);
    return head;
  }

  /** Encoding a story of ten thousand takes holds everybody up for 30 ms. */
  #countSync(document: string): void {
    const now = this.#now();
    this.#forgetRested(now);
    const restedMs = Math.max(this.#restedMs.get(document) ?? 0, now) + SYNC_EVERY_MS;
    this.#restedMs.set(document, restedMs);
    if (restedMs - now > SYNCS_AT_ONCE * SYNC_EVERY_MS) {
      throw new MalformedFrame('asks for the whole document too often');
    }
  }

  /** Whoever may ask at once again is as one who never asked. */
  #forgetRested(now: number): void {
    if (this.#restedMs.size < MOST_COUNTED) return;
    for (const [document, restedMs] of this.#restedMs) {
      if (restedMs <= now) this.#restedMs.delete(document);
    }
    if (this.#restedMs.size >= MOST_COUNTED) throw new TooMuch('documents to ask for');
  }
}

function assertAddress(frame: Uint8Array, { document }: Frame): void {
  // Addresses are kept, and `TreeVisits` and `Newcomers` count on a length of one byte.
  if ((frame[0] ?? 0) > MAX_ADDRESS_BYTES) throw new MalformedFrame('no address is so long');
  // Hocuspocus keeps connections in plain objects, by name.
  if (document in Object.prototype) throw new MalformedFrame('not a name');
}

/** An update that would make a document larger than it may be. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * Refuses an update after which a take's words would be longer than they may be; in time
 * proportional to the update and what it deletes.
 * @throws {TooLarge}
 */
export function assertWordsFit(document: Y.Doc, update: Uint8Array): void {
  const present = wordsOf(document).length;
  // No character is shorter than a byte: most edits need no closer look.
  if (present + update.byteLength <= MAX_WORDS_LENGTH) return;
  const { structs, ds } = decodeUpdate(update);
  const deleted = rangesOf(ds);
  const gained = structs.reduce((sum, struct) => sum + textIn(document, struct, deleted), 0);
  if (present + gained - effectOf(document, deleted).units > MAX_WORDS_LENGTH) {
    throw new TooLarge(`words may have ${MAX_WORDS_LENGTH} characters`);
  }
}

/** Characters that a struct brings, that the document does not have and the update leaves. */
function textIn({ store }: Y.Doc, struct: Struct, deleted: Ranges): number {
  if (!(struct instanceof Y.Item) || !struct.countable) return 0;
  const { client, clock } = struct.id;
  const from = Math.max(clock, Y.getState(store, client));
  const to = clock + struct.length;
  return from < to ? to - from - deletedWithin(deleted, client, from, to) : 0;
}
