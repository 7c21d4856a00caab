// What the sockets' thread and the thread of the trees say to each other. Bytes change hands: the
// buffer under a Uint8Array is the receiver's from then on.
import * as v from 'valibot';
import { storyIdSchema } from '#domain/story/ids.ts';

/** Which of the trees that were opened; a story that is opened again is another. */
const tree = v.number();
const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const treeRequestSchema = v.variant('type', [
  /** Follow a story. `have` is the state vector of what its readers were given before, or null. */
  v.object({
    type: v.literal('open'),
    tree,
    storyId: storyIdSchema,
    have: v.nullable(bytes),
  }),
  v.object({ type: v.literal('close'), tree }),
  /** The story may have later events, or its log later updates. */
  v.object({ type: v.literal('changed'), tree }),
  /** What does somebody lack who has `vector`? `key` comes back with the answer. */
  v.object({ type: v.literal('lacks'), tree, key: v.string(), vector: bytes }),
  /** Does the tree have all that is in an update? `id` comes back with the answer. */
  v.object({ type: v.literal('knows'), tree, id: v.number(), update: bytes }),
  /** Finish what is being written, and end. */
  v.object({ type: v.literal('stop') }),
]);
export type TreeRequest = v.InferOutput<typeof treeRequestSchema>;

/**
 * Reports of one story come in the order in which they became true: whoever is sent an answer, and
 * then every `grown` after it, has the whole tree. Frames are sync updates at the plain address.
 */
export const treeReportSchema = v.variant('type', [
  /** The thread has begun. */
  v.object({ type: v.literal('ready') }),
  v.object({
    type: v.literal('opened'),
    tree,
    /** The whole tree, in the order of sending. */
    frames: v.array(bytes),
    vector: bytes,
    /** What came since `have`, if that was told. */
    missed: v.nullable(bytes),
  }),
  /** A story could not be opened yet; it is tried again until it is closed. */
  v.object({ type: v.literal('failed'), tree, reason: v.string() }),
  /** The tree has grown; what made it grow is committed. */
  v.object({ type: v.literal('grown'), tree, frame: bytes, vector: bytes }),
  /** Something was added to the log of a story from here; it weighs so much. */
  v.object({ type: v.literal('logged'), tree, weight: v.number() }),
  v.object({ type: v.literal('lacked'), tree, key: v.string(), frame: bytes }),
  v.object({ type: v.literal('known'), tree, id: v.number(), isKnown: v.boolean() }),
]);
export type TreeReport = v.InferOutput<typeof treeReportSchema>;
