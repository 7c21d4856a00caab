// The words of takes that are open on a page, each for as long as somebody needs them there and the
// server does not have all of them.
import { userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { Self } from '../live/room-client.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import type { RoomState } from './kept-room.ts';
import type { LostWords } from './lost-words.svelte.ts';
import { WordsDocument } from './words-document.ts';
import type { WordsKeeper } from './words-keeper.ts';

/** How long the words of a take stay open after their last reader left, milliseconds. */
const LINGER_MS = 5_000;

/** What the page is told of what people write on it. */
export interface WritingListener {
  /** Some state may have changed. */
  onState(): void;
  /** The server has taken what was written. */
  onTaken(): void;
  /** Words could not be saved by the person who wrote them, and were set aside. */
  onLost(lost: LostWords): void;
}

/** Where a page writes, for whom, and who is told. */
export interface PageWriting {
  readonly socket: RoomSocket;
  readonly storyId: StoryId;
  readonly self: Self;
  /** Keeps what is written on the device until the server has it. */
  readonly keeper: WordsKeeper | undefined;
  readonly listener: WritingListener;
}

interface OpenWords {
  readonly document: WordsDocument;
  holders: number;
  isUnsaved: boolean;
  closing?: ReturnType<typeof setTimeout>;
}

export class PageWords {
  readonly #page: PageWriting;
  #self: Self;
  #sentFor: string | null = null;
  #destroyed = false;
  /** Takes of which the device's copy was refused: words are opened without it. */
  readonly #refused = new Set<TakeId>();
  readonly #open = new Map<TakeId, OpenWords>();

  constructor(page: PageWriting) {
    this.#page = page;
    this.#self = page.self;
  }

  get states(): RoomState[] {
    return [...this.#open.values()].map(({ document }) => document.state);
  }

  /** Opens the words of a take. Each `open` needs its own `close`. */
  open(takeId: TakeId): WordsDocument {
    let open = this.#open.get(takeId);
    if (open === undefined) {
      const { socket, storyId, keeper } = this.#page;
      const document = new WordsDocument({
        socket,
        storyId,
        takeId,
        self: this.#self,
        keeper: this.#refused.has(takeId) ? undefined : keeper,
      });
      open = { document, holders: 0, isUnsaved: false };
      this.#open.set(takeId, open);
      document.subscribe(() => this.#changed(takeId));
    }
    clearTimeout(open.closing);
    open.holders += 1;
    return open.document;
  }

  /**
   * Closes them a moment later, so that whoever comes straight back finds the room still open; but
   * not before the server has all that was written.
   */
  close(takeId: TakeId): void {
    const open = this.#open.get(takeId);
    if (open === undefined) return;
    open.holders -= 1;
    if (open.holders > 0) return;
    open.closing = setTimeout(() => this.#closeSaved(takeId, open), LINGER_MS);
  }

  #closeSaved(takeId: TakeId, open: OpenWords): void {
    const { document } = open;
    const closeIfSaved = (): boolean => {
      if (document.hasEnded) return true;
      if (open.holders > 0 || document.state.hasUnsaved) return open.holders > 0;
      this.#open.delete(takeId);
      document.destroy();
      return true;
    };
    if (closeIfSaved()) return;
    const unsubscribe = document.subscribe(() => {
      if (closeIfSaved()) unsubscribe();
    });
  }

  /** Ends those of the open words that may not go on, and hands over what was unsaved of them. */
  setAside(
    why: LostWords['why'],
    mayNotGoOn: (document: WordsDocument) => boolean = () => true,
  ): void {
    const person = this.#self;
    if (person === null) return;
    for (const [takeId, { document, closing }] of this.#open) {
      if (!mayNotGoOn(document)) continue;
      clearTimeout(closing);
      this.#open.delete(takeId);
      if (why === 'refused') this.#refused.add(takeId);
      const ended = document.end({ forget: why === 'refused' });
      if (ended !== null) this.#page.listener.onLost({ ...ended, takeId, over: null, person, why });
    }
    this.#page.listener.onState();
  }

  /** Goes on as somebody else; nothing of the person before goes out as theirs. */
  setSelf(self: Self): void {
    if (this.#self !== null && this.#self.id !== self?.id) this.setAside('session');
    this.#self = self;
    this.#sentFor = null;
    for (const { document } of this.#open.values()) document.setSelf(self);
  }

  /** Opens the words that an earlier page kept on this device unsaved, until they are saved. */
  async sendKept(): Promise<void> {
    const self = this.#self;
    const { keeper, storyId } = this.#page;
    if (self === null || keeper === undefined || this.#sentFor === self.id) return;
    this.#sentFor = self.id;
    const takes = await keeper.unsaved(userId(self.id), storyId);
    for (const takeId of takes) {
      if (this.#destroyed) return;
      this.open(takeId);
      this.close(takeId);
    }
  }

  #changed(takeId: TakeId): void {
    const open = this.#open.get(takeId);
    if (open === undefined) return;
    const { document } = open;
    const { status, hasUnsaved } = document.state;
    // What was written before somebody lost the right to is theirs, and not the server's any more.
    if (status === 'forbidden') return this.setAside('refused', (one) => one === document);
    if (open.isUnsaved && status === 'saved') this.#page.listener.onTaken();
    open.isUnsaved = hasUnsaved;
    this.#page.listener.onState();
  }

  destroy(): void {
    this.#destroyed = true;
    for (const { document, closing } of this.#open.values()) {
      clearTimeout(closing);
      document.destroy();
    }
    this.#open.clear();
  }
}
