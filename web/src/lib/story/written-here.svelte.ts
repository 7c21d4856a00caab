// The takes of a story that somebody here has written and that are not in it yet: their drafts.
// What waits on this device to be published is in the outbox.
import type { Draft } from '#domain/story/draft.ts';
import { takeId, type StoryId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import type { DraftWriting } from '../drafts/draft-writing.svelte.ts';
import type { Outbox } from '../upload/outbox.svelte.ts';
import type { OutboxItem } from '../upload/queued-take.ts';
import type { WrittenTake, WrittenTakes } from '../upload/written-takes.ts';

export interface WrittenHereSettings {
  readonly storyId: StoryId;
  /** Who is at this page: nobody's takes are published under another person's name. */
  readonly person: () => UserId | null;
  readonly open: () => Promise<WrittenTakes | null>;
  /** Where takes wait to be published. */
  readonly outbox: Outbox;
  /** True if the story has a take: then it is no draft any more. */
  readonly isPublished: (id: TakeId) => boolean;
  /** The words that a take of the story has; undefined if they cannot be had now. */
  readonly wordsOf: (id: TakeId) => Promise<string | undefined>;
}

export class WrittenHere {
  /** What the person's document holds, oldest first. */
  #inDocument = $state.raw<readonly Draft[]>([]);
  /** What nobody wrote on this device, oldest first: there is no account for it to be in. */
  #ofNobody = $state.raw<readonly WrittenTake[]>([]);
  /** The last draft that was discarded, as long as that can be undone. */
  discarded = $state.raw<Draft | null>(null);
  /** The draft that the composer has open. */
  writing = $state.raw<DraftWriting | null>(null);
  /** False if the server lets the person read their drafts at most. */
  mayWrite = $state.raw(true);
  #document: DraftDocument | null = null;
  /** The document that was looked through for drafts that are published. */
  #settled: DraftDocument | null = null;
  /** What was published from here, and with which words: its draft may come from the server yet. */
  readonly #published = new Map<TakeId, string>();
  readonly #settings: WrittenHereSettings;
  #deaf: () => void = () => undefined;

  readonly drafts: readonly Draft[] = $derived.by(() => {
    const waiting = new Set(this.#settings.outbox.items.map(({ takeId }) => takeId));
    const { isPublished } = this.#settings;
    return [...this.#inDocument, ...this.#ofNobody.map(asDraft)].filter(
      ({ id, words }) =>
        words.trim() !== '' &&
        !waiting.has(id) &&
        id !== (this.writing?.id ?? null) &&
        !isPublished(id),
    );
  });

  constructor(settings: WrittenHereSettings) {
    this.#settings = settings;
  }

  /** True for a take that is in the story, or on its way there: it is no draft any more. */
  isSent(id: TakeId): boolean {
    return this.#settings.isPublished(id) || this.#settings.outbox.has(id);
  }

  /** Reads what the device keeps, and follows what is published of it. */
  async start(): Promise<void> {
    this.#deaf = this.#settings.outbox.onPublished(({ takeId }, { of }) => {
      if (of.kind !== 'text') return;
      this.#published.set(takeId, of.take.words);
      this.#document?.published(takeId, of.take.words);
      void this.refresh();
    });
    await this.refresh();
  }

  stop(): void {
    this.#deaf();
  }

  /** Follows the drafts of whoever is here now; returns what ends that. */
  follow(document: DraftDocument | null): () => void {
    this.#document = document;
    this.discarded = null;
    const read = () => {
      if (document !== null) this.#tidy(document);
      this.#inDocument = document?.drafts ?? [];
      // Before the server has answered, whoever wrote here goes on.
      this.mayWrite = document?.state.status === 'opening' || document?.state.writable !== false;
    };
    read();
    void this.refresh();
    const unsubscribe = document?.subscribe(read);
    if (document !== null) void this.#adopt(document);
    return () => {
      unsubscribe?.();
      this.#inDocument = [];
    };
  }

  /** Reads again what the device keeps. */
  async refresh(): Promise<void> {
    const store = await this.#settings.open();
    if (store === null) return;
    const drafts = await store.drafts();
    const isNobodyHere = this.#settings.person() === null;
    this.#ofNobody = drafts.filter(
      (take) => isNobodyHere && take.userId === null && this.#isOurs(take),
    );
  }

  /** Takes a draft away, until `undoDiscard`. */
  async discard(draft: Draft): Promise<void> {
    this.discarded = draft;
    this.#document?.discard(draft.id);
    await this.#dropRow(draft.id);
    await this.refresh();
  }

  async undoDiscard(): Promise<void> {
    const draft = this.discarded;
    this.discarded = null;
    if (draft === null) return;
    if (this.#document !== null) this.#document.put(draft);
    else await (await this.#settings.open())?.keepDraft(this.#asTake(draft));
    await this.refresh();
  }

  /** Hangs a draft on another take: the one that it was written over cannot be answered. */
  move({ id }: Draft, parentId: TakeId): void {
    this.#document?.move(id, parentId);
  }

  /** What the story did not take is a draft again. @returns the draft */
  async reopen({ of }: OutboxItem): Promise<Draft | null> {
    if (of.kind !== 'text') return null;
    const { take } = of;
    const { isPublished, wordsOf, open } = this.#settings;
    const { takeId: id, words } = take;
    // In the story with other words, under this id: these are another take.
    const isThere = isPublished(id) || (await wordsOf(id)) !== undefined;
    const again = isThere ? { ...take, takeId: takeId(crypto.randomUUID()) } : take;
    const draft = asDraft(again);
    const store = await open();
    if (this.#document === null) await store?.keepDraft({ ...again, userId: null });
    else if (this.#document.wordsOf(draft.id) === null) this.#document.put(draft);
    if (isThere) this.#document?.published(id, words);
    await this.#document?.safe();
    await store?.dequeue(take.takeId);
    await Promise.all([this.refresh(), this.#settings.outbox.refresh()]);
    return draft;
  }

  /**
   * Moves the drafts that this device alone has into the person's document: those of theirs that it
   * kept before there was one, and what nobody wrote here before they came.
   */
  async #adopt(document: DraftDocument): Promise<void> {
    await document.loaded;
    const store = await this.#settings.open();
    if (store === null) return;
    const rows = (await store.drafts()).filter((row) => this.#isOurs(row));
    for (const row of rows) {
      if (this.#document !== document || document.isFull) return;
      if (document.wordsOf(row.takeId) === null) document.put(asDraft(row));
    }
    await document.safe();
    for (const row of rows) await store.dropDraft(row);
    await this.refresh();
  }

  /** Takes away what is published, from here or, looked up once, from elsewhere. */
  #tidy(document: DraftDocument): void {
    for (const [id, words] of this.#published) document.published(id, words);
    const { status, writable } = document.state;
    if (status !== 'saved' || !writable || this.#settled === document) return;
    this.#settled = document;
    void this.#settle(document);
  }

  /**
   * Takes away drafts that were published where nobody could tell this document: the page was
   * closed before it heard of it.
   */
  async #settle(document: DraftDocument): Promise<void> {
    const { isPublished, wordsOf } = this.#settings;
    for (const { id } of document.drafts.filter((draft) => isPublished(draft.id))) {
      const words = await wordsOf(id);
      if (this.#document !== document) return;
      if (words !== undefined && id !== this.writing?.id) document.published(id, words);
    }
  }

  async #dropRow(id: TakeId): Promise<void> {
    const row = this.#ofNobody.find(({ takeId }) => takeId === id);
    if (row !== undefined) await (await this.#settings.open())?.dropDraft(row);
  }

  #asTake({ id, parentId, beganMs, words }: Draft): WrittenTake {
    const { storyId } = this.#settings;
    return {
      takeId: id,
      userId: null,
      storyId,
      parentId,
      after: '',
      words,
      name: '',
      renames: false,
      atMs: beganMs,
    };
  }

  #isOurs({ storyId, userId }: WrittenTake): boolean {
    const { storyId: here, person } = this.#settings;
    return storyId === here && (userId === null || userId === person());
  }
}

function asDraft({ takeId, parentId, words, atMs }: WrittenTake): Draft {
  return { id: takeId, parentId, words, beganMs: atMs };
}
