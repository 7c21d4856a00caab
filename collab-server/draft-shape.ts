// What may be in a person's draft document: drafts, their facts, and their words; see
// domain/story/draft.ts. An item says by itself only rarely where it belongs, so it is followed to
// something that is known: through the update, and from there on through the document.
import * as v from 'valibot';
import * as Y from 'yjs';
import {
  DRAFT_ROOT,
  draftFactsSchema,
  draftFieldSchema,
  isOverfull,
  MAX_DRAFT_LENGTH,
  MAX_DRAFTS,
  type DraftField,
} from '#domain/story/draft.ts';
import { takeIdSchema } from '#domain/story/ids.ts';
import { isStorable } from '#domain/story/text.ts';
import type { Struct } from './decode-update.ts';
import { TooLarge } from './guard.ts';
import { countCopy } from './rehearsal.ts';
import { StructIndex } from './struct-index.ts';
import { Unfit, type Shape } from './update-guard.ts';

/** Where an item belongs. */
type Place =
  | { readonly kind: 'drafts' }
  | { readonly kind: 'field'; readonly field: DraftField }
  | { readonly kind: 'text'; readonly of: Y.Text }
  /** To something that was deleted: Yjs throws it away. */
  | { readonly kind: 'gone' };

const DRAFTS: Place = { kind: 'drafts' };
const GONE: Place = { kind: 'gone' };

export class DraftShape implements Shape {
  readonly root = DRAFT_ROOT;
  readonly #document: Y.Doc;
  #update = new StructIndex([]);
  /** Items of the update; null for one whose place is not to be found, or not found yet. */
  readonly #places = new Map<Y.Item, Place | null>();
  /** What the update brings: drafts, and units of each text. */
  #begun = 0;
  readonly #grown = new Map<Y.Text, number>();

  constructor(document: Y.Doc) {
    this.#document = document;
  }

  begin(structs: readonly Struct[]): void {
    this.#update = new StructIndex(structs);
  }

  takes(item: Y.Item): boolean {
    const place = this.#placeOf(item);
    if (place === null) return false;
    assertContent(item, place);
    this.#count(item, place);
    return true;
  }

  /** The exact size is only worked out, on a copy, when what the update brings could be too much. */
  assertFits(update: Uint8Array, by: string): void {
    if (!this.#mayOverfill()) return;
    countCopy(this.#document, by);
    const copy = new Y.Doc();
    try {
      Y.applyUpdate(copy, Y.encodeStateAsUpdate(this.#document));
      Y.applyUpdate(copy, update);
      if (isOverfull(copy)) {
        throw new TooLarge(`${MAX_DRAFTS} drafts of ${MAX_DRAFT_LENGTH} characters each`);
      }
    } finally {
      copy.destroy();
    }
  }

  #count({ id, length, content }: Y.Item, place: Place): void {
    if (place.kind === 'drafts' && content instanceof Y.ContentType) this.#begun += 1;
    if (place.kind !== 'text' || !(content instanceof Y.ContentString)) return;
    const news = id.clock + length - Y.getState(this.#document.store, id.client);
    this.#grown.set(place.of, (this.#grown.get(place.of) ?? 0) + Math.min(length, news));
  }

  #mayOverfill(): boolean {
    const root = this.#document.getMap(DRAFT_ROOT);
    if (this.#begun > 0 && root.size + this.#begun > MAX_DRAFTS) return true;
    return [...this.#grown].some(
      ([words, units]) => (words.doc === null ? 0 : words.length) + units > MAX_DRAFT_LENGTH,
    );
  }

  /** The place of an item of the update; null if something on the way to it is missing. */
  #placeOf(item: Y.Item): Place | null {
    const way: Y.Item[] = [];
    let at = item;
    let place = this.#places.get(at);
    while (place === undefined) {
      // Items that hang on each other in a ring have no place: Yjs would wait for them for ever.
      this.#places.set(at, null);
      way.push(at);
      const next = this.#next(at);
      if (!(next instanceof Y.Item)) {
        place = next;
        break;
      }
      at = next;
      place = this.#places.get(at);
    }
    let found = place ?? null;
    // A loop, not recursion: the way may be as long as the update.
    for (const each of way.toReversed()) {
      if (each !== at && found !== null) found = isChild(each) ? childOf(at, found, each) : found;
      this.#places.set(each, found);
      at = each;
    }
    return found;
  }

  /** One step: an item of the update that this one hangs on, or else this one's own place. */
  #next(item: Y.Item): Y.Item | Place | null {
    const parent: unknown = item.parent;
    if (typeof parent === 'string') return atRoot(parent, item.parentSub);
    const id = parent instanceof Y.ID ? parent : (item.origin ?? item.rightOrigin);
    if (id === null) throw new Unfit('it belongs nowhere');
    const known = this.#inDocument(id);
    if (known === null) return this.#inUpdate(id);
    const place = placeIn(known);
    return known instanceof Y.Item && isChild(item) ? childOf(known, place, item) : place;
  }

  #inDocument(id: Y.ID): Y.Item | Y.GC | null {
    const { store } = this.#document;
    if (Y.getState(store, id.client) <= id.clock) return null;
    return Y.getItem(store, id);
  }

  #inUpdate(id: Y.ID): Y.Item | Place | null {
    const struct = this.#update.find(id);
    if (struct instanceof Y.GC) return GONE;
    return struct instanceof Y.Item ? struct : null;
  }
}

/** True for an item that names the type it is in, and has no neighbour to learn it from. */
function isChild({ parent }: Y.Item): boolean {
  return (parent as unknown) instanceof Y.ID;
}

function atRoot(root: string, key: string | null): Place {
  if (root !== DRAFT_ROOT) throw new Unfit('another root');
  const id = v.safeParse(takeIdSchema, key);
  if (!id.success || id.output !== key) throw new Unfit('drafts are found by the id of a take');
  return DRAFTS;
}

/** The place of an item within what another item brought. */
function childOf(holder: Y.Item, place: Place, { parentSub }: Y.Item): Place {
  const { content } = holder;
  if (place.kind === 'gone' || content instanceof Y.ContentDeleted) return GONE;
  if (place.kind === 'drafts') {
    const field = v.safeParse(draftFieldSchema, parentSub);
    if (field.success) return { kind: 'field', field: field.output };
  }
  const words = wordsIn(content);
  if (words !== null && parentSub === null) return { kind: 'text', of: words };
  throw new Unfit('there is nothing in it');
}

/** The place of what is in the document already: nothing unfit is in there. */
function placeIn(struct: Y.Item | Y.GC): Place {
  if (!(struct instanceof Y.Item) || !(struct.parent instanceof Y.AbstractType)) return GONE;
  const { parent } = struct;
  if (parent.parent === null) return DRAFTS;
  if (parent instanceof Y.Text) return { kind: 'text', of: parent };
  return { kind: 'field', field: v.parse(draftFieldSchema, struct.parentSub) };
}

function assertContent({ content }: Y.Item, place: Place): void {
  if (place.kind === 'gone' || content instanceof Y.ContentDeleted) return;
  if (!isContentOf(content, place)) throw new Unfit(`not what ${describe(place)} is made of`);
}

function isContentOf(content: Y.Item['content'], place: Exclude<Place, { kind: 'gone' }>): boolean {
  switch (place.kind) {
    case 'drafts':
      return content instanceof Y.ContentType && content.type.constructor === Y.Map;
    case 'field':
      return place.field === 'words' ? wordsIn(content) !== null : isFact(content, place.field);
    case 'text':
      return content instanceof Y.ContentString && isStorable(content.str);
  }
}

function wordsIn(content: Y.Item['content']): Y.Text | null {
  const type = content instanceof Y.ContentType ? content.type : null;
  return type instanceof Y.Text && !(type instanceof Y.XmlText) ? type : null;
}

function isFact(content: Y.Item['content'], field: Exclude<DraftField, 'words'>): boolean {
  if (!(content instanceof Y.ContentAny) || content.arr.length !== 1) return false;
  return v.is(draftFactsSchema.entries[field], content.arr[0]);
}

function describe(place: Place): string {
  return place.kind === 'field' ? place.field : place.kind;
}
