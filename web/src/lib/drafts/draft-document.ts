// One person's drafts of a story: open on all of their devices, and kept on this one.
import type * as Y from 'yjs';
import {
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

  constructor(settings: {
    readonly socket: RoomSocket;
    readonly storyId: StoryId;
    readonly userId: UserId;
    readonly keeper?: WordsKeeper | undefined;
  }) {
    const { socket, storyId, userId, keeper } = settings;
    this.userId = userId;
    this.#room = new KeptRoom({
      socket,
      room: { kind: 'draft', userId, storyId },
      // Nobody else is here who could see whether this person is.
      self: null,
      keeper: keeper === undefined ? null : userId,
      keep: (user, doc, onChange) =>
        keeper?.keep({ userId: user, storyId, takeId: null }, doc, onChange) ?? null,
      isTooLarge: isOverfull,
    });
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

  destroy(): void {
    this.#room.destroy();
  }
}
