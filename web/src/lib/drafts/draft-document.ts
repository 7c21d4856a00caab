// One person's drafts of a story: open on all of their devices, and kept on this one.
import type * as Y from 'yjs';
import {
  draftsChangedBy,
  dropDraft,
  isOverfull,
  MAX_DRAFTS_BEGUN,
  moveDraft,
  putDraft,
  readDrafts,
  wordsOfDraft,
  type Draft,
} from '#domain/story/draft.ts';
import { takeId, type StoryId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { RoomSocket } from '../live/room-socket.ts';
import { KeptRoom, type RoomState } from '../words/kept-room.ts';
import type { WordsKeeper } from '../words/words-keeper.ts';

export class DraftDocument {
  /** Whose drafts these are: whoever else comes to the page gets a document of their own. */
  readonly userId: UserId;
  readonly #room: KeptRoom;
  readonly #onGone: (draft: Draft) => void;
  /** It ended since the server did not take it as it was. */
  isRefused = false;
  /** As they were before the last change. */
  #before: readonly Draft[] = [];

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly storyId: StoryId;
    readonly userId: UserId;
    readonly keeper?: WordsKeeper | undefined;
    /**
     * Told of a draft that another device published or discarded, and that held what this device
     * wrote into it and the server does not have.
     */
    readonly onGone?: (draft: Draft) => void;
  }) {
    const { socket, storyId, userId, keeper } = settings;
    this.userId = userId;
    this.#onGone = settings.onGone ?? (() => undefined);
    this.#room = new KeptRoom({
      socket,
      room: { kind: 'draft', userId, storyId },
      // Nobody else is here who could see whether this person is.
      self: null,
      keeper: keeper === undefined ? null : userId,
      keep: (user, doc, onChange) =>
        keeper?.keep({ userId: user, storyId, takeId: null }, doc, onChange) ?? null,
      isTooLarge: isOverfull,
      partsOf: draftsChangedBy,
      server: { received: () => this.#received(), acknowledged: () => undefined },
    });
    this.#room.subscribe(() => (this.#before = this.drafts));
  }

  /** True once nobody may go on with this document. */
  get hasEnded(): boolean {
    return this.#room.hasEnded;
  }

  get state(): RoomState {
    return this.#room.state;
  }

  /** Resolves when what this device kept of them is there. */
  get loaded(): Promise<void> {
    return this.#room.loaded;
  }

  /** Oldest first. */
  get drafts(): readonly Draft[] {
    return readDrafts(this.#room.doc);
  }

  /** True while no further draft may be begun. */
  get isFull(): boolean {
    return this.drafts.length >= MAX_DRAFTS_BEGUN;
  }

  wordsOf(id: TakeId): Y.Text | null {
    return wordsOfDraft(this.#room.doc, id);
  }

  /** Begins a draft over a take. @returns the id of the take that it becomes */
  begin(parentId: TakeId, words = '', id = takeId(crypto.randomUUID())): TakeId {
    this.put({ id, parentId, beganMs: Date.now(), words });
    return id;
  }

  /** Puts a draft there as it is: one that was discarded, or that only this device had. */
  put(draft: Draft): void {
    putDraft(this.#room.doc, draft);
  }

  /** Hangs a draft on another take. */
  move(id: TakeId, parentId: TakeId): void {
    moveDraft(this.#room.doc, id, parentId);
  }

  discard(id: TakeId): void {
    dropDraft(this.#room.doc, id);
  }

  /**
   * A draft has become a take with these words. What another device wrote into it meanwhile is not
   * in the take, and stays as a draft of its own.
   */
  published(id: TakeId, words: string): void {
    const draft = this.drafts.find((one) => one.id === id);
    if (draft === undefined) return;
    // First: whoever hears of the change may ask for the same again.
    this.discard(id);
    const rest = draft.words.trim();
    if (rest !== '' && rest !== words.trim()) this.begin(draft.parentId, draft.words);
  }

  /** Resolves once all that was written lies on this device or with the server. */
  safe(): Promise<void> {
    const isSafe = () => !this.state.hasUnsaved || this.state.keptHere;
    return new Promise((resolve) => {
      if (isSafe()) return resolve();
      const unsubscribe = this.subscribe(() => {
        if (!isSafe()) return;
        unsubscribe();
        resolve();
      });
    });
  }

  /** Calls `listener` whenever the drafts or `state` may have changed; returns the unsubscriber. */
  subscribe(listener: () => void): () => void {
    return this.#room.subscribe(listener);
  }

  /** True if this person changed something that the server has not acknowledged. */
  get isOwnUnsaved(): boolean {
    return this.#room.unsavedParts.size > 0;
  }

  /** The drafts that hold what this person wrote and the server has not acknowledged. */
  get unsaved(): readonly Draft[] {
    return this.#unsavedOf(this.drafts);
  }

  #unsavedOf(drafts: readonly Draft[]): readonly Draft[] {
    const { unsavedParts } = this.#room;
    return drafts.filter(({ id, words }) => unsavedParts.has(id) && words.trim() !== '');
  }

  #received(): void {
    const left = new Set(this.drafts.map(({ id }) => id));
    for (const draft of this.#unsavedOf(this.#before)) if (!left.has(draft.id)) this.#onGone(draft);
  }

  /** Ends it at once, and lets go of the device's copy: the server would refuse it again. */
  endRefused(): void {
    this.isRefused = true;
    this.#room.end({ forget: true });
  }

  destroy(): void {
    this.#room.destroy();
  }
}
