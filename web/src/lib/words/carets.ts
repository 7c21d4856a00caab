// Where the others' carets are, from what their pages publish.
import * as v from 'valibot';
import * as Y from 'yjs';
import { presenceSchema, type Presence } from '#domain/protocol/room.ts';

export interface RemoteCaret {
  readonly clientId: number;
  readonly user: Presence['user'];
  /** The selection in UTF-16 units of the text; `head` is where its caret stands. */
  readonly anchor: number;
  readonly head: number;
}

/** The part of `Y.RelativePosition`'s JSON that may reach Yjs: it trusts whatever it is given. */
const idSchema = v.object({
  client: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  clock: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
});
const positionSchema = v.object({
  type: v.optional(v.nullable(idSchema)),
  tname: v.optional(v.nullable(v.string())),
  item: v.optional(v.nullable(idSchema)),
  assoc: v.optional(v.picklist([-1, 0])),
});

/** The carets that can be placed in `text`, by their place in it. */
export function remoteCarets(text: Y.Text, states: ReadonlyMap<number, unknown>): RemoteCaret[] {
  const { doc } = text;
  if (doc === null) return [];
  const carets: RemoteCaret[] = [];
  for (const [clientId, state] of states) {
    if (clientId === doc.clientID) continue;
    const presence = v.safeParse(presenceSchema, state);
    if (!presence.success || !presence.output.caret) continue;
    const anchor = indexOf(text, doc, presence.output.caret.anchor);
    const head = indexOf(text, doc, presence.output.caret.head);
    if (anchor !== null && head !== null) {
      carets.push({ clientId, user: presence.output.user, anchor, head });
    }
  }
  return carets.toSorted((a, b) => a.head - b.head || a.clientId - b.clientId);
}

/** The index that a published position stands for; null if it is none, or of another text. */
function indexOf(text: Y.Text, doc: Y.Doc, json: unknown): number | null {
  const parsed = v.safeParse(positionSchema, json);
  if (!parsed.success) return null;
  const { item, tname } = parsed.output;
  // Yjs makes a root for any name that it is asked about, and throws if there is none.
  if (!item && tname !== Y.findRootTypeKey(text)) return null;
  const position = Y.createRelativePositionFromJSON(parsed.output);
  const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc);
  return absolute?.type === text ? absolute.index : null;
}
