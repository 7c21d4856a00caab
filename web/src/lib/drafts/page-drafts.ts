// The drafts of whoever is at a page: one document, which ends when they go, or when the server
// refuses it as it is.
import { userId } from '#domain/story/ids.ts';
import type { Draft } from '#domain/story/draft.ts';
import type { Self } from '../live/room-client.ts';
import type { RoomState } from '../words/kept-room.ts';
import type { LostWords } from '../words/lost-words.svelte.ts';
import type { PageWriting } from '../words/page-words.ts';
import { DraftDocument } from './draft-document.ts';

export class PageDrafts {
  readonly #page: PageWriting;
  readonly #onDocument: (document: DraftDocument | null) => void;
  #self: Self;
  #document: DraftDocument | null = null;
  #isUnsaved = false;
  /** Whose copy on this device was refused: their drafts are opened without it. */
  readonly #refused = new Set<string>();

  /** @param onDocument told the document that is open from now on; null for none */
  constructor(page: PageWriting, onDocument: (document: DraftDocument | null) => void) {
    this.#page = page;
    this.#onDocument = onDocument;
    this.#self = page.self;
    this.#open();
  }

  get states(): RoomState[] {
    return this.#document === null ? [] : [this.#document.state];
  }

  /** What one person wrote is never under another's eyes, nor sent with another's session. */
  setSelf(self: Self): void {
    const document = this.#document;
    if (document !== null && document.userId !== self?.id) {
      // What the device keeps is sent when they are back.
      if (!document.state.keptHere) this.#handOver(document.unsaved, 'session');
      document.destroy();
      this.#become(null);
    }
    this.#self = self;
    this.#open();
  }

  /**
   * The server refused something on this page. What is unsaved of the drafts may be that: it is
   * handed over, and not sent again.
   */
  refused(): void {
    const document = this.#document;
    if (document === null || !document.isOwnUnsaved) return;
    const { unsaved } = document;
    this.#refused.add(document.userId);
    document.endRefused();
    this.#become(null);
    this.#handOver(unsaved, 'refused');
    this.#open();
  }

  destroy(): void {
    this.#document?.destroy();
    this.#document = null;
  }

  #open(): void {
    const { socket, storyId, keeper } = this.#page;
    const self = this.#self;
    if (this.#document !== null || self === null) return;
    const document = new DraftDocument({
      socket,
      storyId,
      userId: userId(self.id),
      keeper: this.#refused.has(self.id) ? undefined : keeper,
      onGone: (draft) => this.#handOver([draft], 'gone'),
    });
    document.subscribe(() => this.#changed(document));
    this.#become(document);
  }

  #become(document: DraftDocument | null): void {
    this.#document = document;
    this.#isUnsaved = false;
    this.#onDocument(document);
  }

  #changed({ state: { status, hasUnsaved } }: DraftDocument): void {
    if (this.#isUnsaved && status === 'saved') this.#page.listener.onTaken();
    this.#isUnsaved = hasUnsaved;
    this.#page.listener.onState();
  }

  #handOver(drafts: readonly Draft[], why: LostWords['why']): void {
    const person = this.#self;
    if (person === null) return;
    for (const { id, parentId, words } of drafts) {
      const text = { base: null, text: words, keptHere: false };
      this.#page.listener.onLost({ ...text, takeId: id, over: parentId, person, why });
    }
  }
}
