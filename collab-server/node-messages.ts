// What nodes tell each other over Redis about a document, and its bounds. Each document has a
// channel of its own, which the nodes hear that have it open.
import * as v from 'valibot';
import { crowdSchema, presenceSchema } from '#domain/protocol/room.ts';

/** Longest message, UTF-16 units. What is longer is not sent, and nobody reads it who gets it. */
export const MOST_LENGTH = 512 * 1024;
const MOST_UPDATES = 2_000;
/** People whom a node names to the others, of one document. */
export const MOST_NAMED = 40;

const seqSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** Updates of people that `node` has committed, each with its number in the log. */
const updatesSchema = v.pipe(
  v.object({
    kind: v.literal('updates'),
    node: v.pipe(v.string(), v.uuid()),
    seqs: v.pipe(v.array(seqSchema), v.minLength(1), v.maxLength(MOST_UPDATES)),
    /** Base64, in the order of `seqs`. */
    updates: v.pipe(v.array(v.pipe(v.string(), v.base64())), v.maxLength(MOST_UPDATES)),
  }),
  v.check(({ seqs, updates }) => seqs.length === updates.length, 'an update has no number'),
);

/** Who has the document open on `node`: all that is known of it, in place of what was said before. */
const presenceMessageSchema = v.object({
  kind: v.literal('presence'),
  node: v.pipe(v.string(), v.uuid()),
  /** True if the other nodes should say the same of themselves, because this one has just come. */
  asks: v.boolean(),
  crowd: crowdSchema,
  /** By Yjs client id. */
  named: v.pipe(
    v.array(v.tuple([v.pipe(v.number(), v.safeInteger(), v.minValue(0)), presenceSchema])),
    v.maxLength(MOST_NAMED),
  ),
});

const messageSchema = v.variant('kind', [updatesSchema, presenceMessageSchema]);

export type NodeMessage = v.InferOutput<typeof messageSchema>;
export type PresenceMessage = v.InferOutput<typeof presenceMessageSchema>;

export const channelOf = (documentName: string): string => `tap-story:${documentName}`;

/** A message as it is sent; null if it is too long for that. */
export function writeMessage(message: NodeMessage): string | null {
  const text = JSON.stringify(message);
  return text.length <= MOST_LENGTH ? text : null;
}

/** @throws {v.ValiError | SyntaxError | RangeError} for what no node of ours sends */
export function readMessage(text: string): NodeMessage {
  if (text.length > MOST_LENGTH) throw new RangeError('longer than any message');
  return v.parse(messageSchema, JSON.parse(text));
}
