// The takes of a story that somebody here has written and that are not in it yet: their drafts, and
// what waits on this device for the line.
import type { Draft } from '#domain/story/draft.ts';
import { takeId, type StoryId, type TakeId, type UserId } from '#domain/story/ids.ts';
import type { Entered, Published } from '#domain/protocol/commands.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import type { DraftWriting } from '../drafts/draft-writing.svelte.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import type { WrittenTake, WrittenTakes } from '../upload/written-takes.ts';

/** A take that waits for the line, or that the story did not take. */
export interface WaitingTake {
  readonly take: WrittenTake;
  /** Why the story did not take it, for its author; null while it waits. */
  readonly problem: string | null;
}

export interface WrittenHereSettings {
  readonly storyId: StoryId;
  /** Who is at this page: nobody's takes are published under another person's name. */
  readonly person: () => UserId | null;
  readonly open: () => Promise<WrittenTakes | null>;
  /** Makes a guest under this name of whoever has no session, and says who is here. */
  readonly enter: (name: string) => Promise<Entered>;
  /** The page is to learn who is here now. */
  readonly onEntered: () => Promise<void>;
  /** Sends a take; safe to repeat. */
  readonly publish: (take: WrittenTake) => Promise<Published>;
  readonly onPublished: (published: Published) => void;
  /** True if the story has a take: then it is no draft any more. */
  readonly isPublished: (id: TakeId) => boolean;
  /** The words that a take of the story has; undefined if they cannot be had now. */
  readonly wordsOf: (id: TakeId) => Promise<string | undefined>;
  /** How long to wait after the line failed, ms. */
  readonly pauseMs?: number;
}

const PAUSE_MS = 5_000;

export class WrittenHere {
  /** What the person's document holds, oldest first. */
  #inDocument = $state.raw<readonly Draft[]>([]);
  /** What nobody wrote on this device, oldest first: there is no account for it to be in. */
  #ofNobody = $state.raw<readonly WrittenTake[]>([]);
  waiting = $state.raw<readonly WaitingTake[]>([]);
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
  #sending: Promise<void> | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  readonly drafts: readonly Draft[] = $derived.by(() => {
    const waiting = new Set(this.waiting.map(({ take }) => take.takeId));
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
    return this.#settings.isPublished(id) || this.waiting.some(({ take }) => take.takeId === id);
  }

  /** Reads what the device keeps, and sends what waits. */
  async start(): Promise<void> {
    await this.refresh();
    await this.send();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
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
    const [drafts, waiting] = await Promise.all([store.drafts(), store.waiting()]);
    const isNobodyHere = this.#settings.person() === null;
    this.#ofNobody = drafts.filter(
      (take) => isNobodyHere && take.userId === null && this.#isOurs(take),
    );
    this.waiting = waiting
      .filter((take) => this.#isOurs(take))
      .map((take) => ({ take, problem: this.#problemOf(take.takeId) }));
  }

  /** Publishes what waits, oldest first; called again whenever there may be a line. */
  send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
    return this.#sending;
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

  /**
   * True for a take that nobody sent off while somebody is here: it waits until they say whether it
   * is theirs, with `claim`, or else is made a draft of theirs, with `reopen`.
   */
  asks({ take }: WaitingTake): boolean {
    return take.userId === null && this.#settings.person() !== null;
  }

  /** Publishes what nobody sent off as whoever is here. */
  async claim({ take }: WaitingTake): Promise<void> {
    const userId = this.#settings.person();
    const store = await this.#settings.open();
    if (userId === null || store === null) return;
    await store.queue({ ...take, userId });
    await this.refresh();
    await this.send();
  }

  /** What the story did not take is a draft again. @returns the draft */
  async reopen({ take }: WaitingTake): Promise<Draft> {
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
    await this.refresh();
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

  async #sendAll(): Promise<void> {
    const tried = new Set<TakeId>();
    const next = () =>
      this.waiting.find(({ take }) => !tried.has(take.takeId) && this.#mayBeSent(take));
    for (let one = next(); one !== undefined; one = next()) {
      tried.add(one.take.takeId);
      if (this.#stopped || !(await this.#sendOne(one.take))) break;
    }
    if (this.#stopped || !this.waiting.some(({ take }) => this.#mayBeSent(take))) return;
    this.#timer = setTimeout(() => void this.send(), this.#settings.pauseMs ?? PAUSE_MS);
  }

  #mayBeSent(take: WrittenTake): boolean {
    return this.#isByWhoIsHere(take) && this.#problemOf(take.takeId) === null;
  }

  /** @returns false if there is no line */
  async #sendOne(waiting: WrittenTake): Promise<boolean> {
    const { publish, onPublished } = this.#settings;
    try {
      const take = await this.#signed(waiting);
      // It may be another's than whoever came: they are asked.
      if (take === null) return true;
      const published = await publish(take);
      this.#published.set(take.takeId, take.words);
      this.#document?.published(take.takeId, take.words);
      await (await this.#settings.open())?.dequeue(take.takeId);
      await this.refresh();
      onPublished(published);
      return true;
    } catch (error) {
      if (error instanceof Unreachable) return false;
      if (!(error instanceof Refused)) throw error;
      if (!isPassing(error)) this.#note(waiting.takeId, error.message);
      return true;
    }
  }

  /**
   * The take with its author: the guest who is made of nobody now gets all that nobody sent off
   * here. Null if somebody signed in elsewhere before that, so that nobody knows whose it is.
   */
  async #signed(take: WrittenTake): Promise<WrittenTake | null> {
    if (take.userId !== null) return take;
    const { enter, onEntered } = this.#settings;
    const { user, isNew } = await enter(take.name);
    const store = isNew ? await this.#settings.open() : null;
    for (const row of (await store?.waiting()) ?? [])
      if (row.userId === null && this.#isOurs(row)) await store?.queue({ ...row, userId: user.id });
    await onEntered();
    await this.refresh();
    return isNew ? { ...take, userId: user.id } : null;
  }

  #note(takeId: TakeId, problem: string): void {
    this.waiting = this.waiting.map((one) =>
      one.take.takeId === takeId ? { take: one.take, problem } : one,
    );
  }

  #problemOf(takeId: TakeId): string | null {
    return this.waiting.find(({ take }) => take.takeId === takeId)?.problem ?? null;
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
      atMs: beganMs,
    };
  }

  /** True if who is here now is who wrote it, as far as anybody can tell. */
  #isByWhoIsHere({ userId }: WrittenTake): boolean {
    return userId === this.#settings.person();
  }

  #isOurs({ storyId, userId }: WrittenTake): boolean {
    const { storyId: here, person } = this.#settings;
    return storyId === here && (userId === null || userId === person());
  }
}

function asDraft({ takeId, parentId, words, atMs }: WrittenTake): Draft {
  return { id: takeId, parentId, words, beganMs: atMs };
}

/** True if the same take may be accepted later as it is. */
function isPassing({ problem: { code } }: Refused): boolean {
  return code === 'parent_not_ready' || code === 'too_many_requests';
}
