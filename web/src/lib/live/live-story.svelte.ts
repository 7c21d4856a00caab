// A story on a page, kept live: starts from what the server rendered, then follows the room.
import { SvelteMap } from 'svelte/reactivity';
import { SOCKET_PATH, type Presence, type ProgressNotice } from '#domain/protocol/room.ts';
import type { Standing } from '#domain/access/policy.ts';
import type { StoryMeta, StoryView } from '#domain/story/document.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import type { Take, Voice } from '#domain/story/take.ts';
import { treeOf } from '#domain/story/tree.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import { wordsOfTake } from '../tree/fetch-take.ts';
import { deviceLost } from '../words/kept-lost.ts';
import { LostShelf, type LostWords } from '../words/lost-words.svelte.ts';
import type { WordsDocument } from '../words/words-document.ts';
import type { Connection } from './connection.ts';
import { newTakes, visibleTakes } from './growth.ts';
import { afterFirstPaint, watchNetwork, watchVisibility } from './page-events.ts';
import { isPast, settled, type Progress } from './progress.ts';
import type { StoryLink, StoryListener } from './story-link.ts';

export interface LiveStoryStart {
  readonly storyId: StoryId;
  /** What the server read for this page. */
  readonly initial: StoryView;
  /** Who is at this page; null for somebody who only listens. */
  readonly person: Voice | null;
}

/** Hidden for this long, a page leaves the room's presence, ms. */
const AWAY_AFTER_MS = 30_000;

/**
 * Made while the page renders, on the server too; nothing is loaded or opened before `start()`.
 * Whoever calls `start()` calls `destroy()`.
 */
export class LiveStory {
  readonly storyId: StoryId;
  /** What this viewer may see; replaced as a whole at each change. */
  takes = $state.raw<readonly Take[]>([]);
  readonly tree = $derived(treeOf(this.takes));
  voices = $state.raw<ReadonlyMap<UserId, Voice>>(new Map());
  meta = $state.raw<StoryMeta | null>(null);
  readonly progress = new SvelteMap<TakeId, Progress>();
  /** The other people who are here now, one entry each. */
  presence = $state.raw<readonly Presence[]>([]);
  /** How many more are here: a crowd is counted, not named, and so is whoever has no session. */
  unnamed = $state.raw(0);
  connection = $state.raw<Connection>('connecting');
  person = $state.raw<Voice | null>(null);
  /** The drafts of whoever is here, once the room is open; null for nobody's. */
  drafts = $state.raw<DraftDocument | null>(null);
  /** The session ended while this page was open, and nobody has taken another since. */
  signedOut = $state.raw(false);
  /** What this person is in the story, as the room says; null until it has. */
  standing = $state.raw<Standing | null>(null);
  /** The story was deleted while this page was open, and has not come back. */
  deleted = $state.raw(false);
  /** What is wrong with the line, in words; empty if nothing is. */
  trouble = $state.raw('');
  /** That the server does not store what is written here, in words; empty while it does. */
  late = $state.raw('');
  /** Words of people who were here that could not be saved. */
  readonly lost: LostShelf;

  #view: StoryView;
  #recordingOver: TakeId | null = null;
  #link: StoryLink | null = null;
  #opened: PromiseWithResolvers<StoryLink> = Promise.withResolvers();
  #stop = new AbortController();
  #started = false;
  readonly #growthListeners = new Set<(grown: Take[]) => void>();

  constructor({ storyId, initial, person }: LiveStoryStart) {
    this.storyId = storyId;
    this.person = person;
    this.#view = initial;
    this.#show(initial);
    this.lost = new LostShelf({
      openWords: (takeId) => this.openWords(takeId),
      closeWords: (takeId) => this.closeWords(takeId),
      beginDraft: (over, words) => this.#beginDraft(over, words),
      store: deviceLost(storyId),
    });
  }

  /** The others who record over the tail of this take now. */
  recordersOver(takeId: TakeId): Presence[] {
    return this.presence.filter(({ recordingOver }) => recordingOver === takeId);
  }

  /** Once the page has painted, loads what is needed and opens the room. Call it in the browser. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const { signal } = this.#stop;
    await afterFirstPaint();
    const [{ StoryLink }, { deviceWords }] = await Promise.all([
      import('./story-link.ts'),
      import('../words/kept-words.ts'),
    ]);
    if (signal.aborted) return;
    const link = new StoryLink({
      storyId: this.storyId,
      self: this.person,
      socket: { url: socketUrl(location) },
      listener: this.listener(),
      keeper: deviceWords,
    });
    this.#link = link;
    link.recordingOver(this.#recordingOver);
    watchNetwork((there) => link.networkChanged(there), signal);
    watchVisibility(
      AWAY_AFTER_MS,
      (away) => link.setAway(away && this.#recordingOver === null),
      signal,
    );
    this.#opened.resolve(link);
    if (this.person !== null) void this.lost.load(this.person.id);
  }

  /** Tells the others over which take's tail this person records; null when they stop. */
  recordingOver(takeId: TakeId | null): void {
    this.#recordingOver = takeId;
    this.#link?.recordingOver(takeId);
  }

  /** Call after a session was made or renamed: its cookie counts from the next socket on. */
  reconnect(person: Voice | null): void {
    this.signedOut = person === null && (this.signedOut || this.person !== null);
    this.person = person;
    this.standing = null;
    if (person !== null) {
      this.lost.returned(person.id);
      void this.lost.load(person.id);
    }
    this.#show(this.#view);
    this.#link?.reconnect(person);
  }

  /** Calls `listener` with the takes that appeared since; returns the unsubscriber. */
  onGrowth(listener: (grown: Take[]) => void): () => void {
    this.#growthListeners.add(listener);
    return () => this.#growthListeners.delete(listener);
  }

  /** The words of a take, live, once the room is open. Pair it with `closeWords`. */
  async openWords(takeId: TakeId): Promise<WordsDocument> {
    const link = await this.#opened.promise;
    return link.openWords(takeId);
  }

  closeWords(takeId: TakeId): void {
    this.#link?.closeWords(takeId);
  }

  /** What closing the page would lose of what somebody wrote here, in words; null if nothing. */
  get onlyHere(): string | null {
    if (this.lost.wouldLose) return 'Words that could not be saved';
    return this.#link?.wouldLose === true ? 'Words that are not saved yet' : null;
  }

  destroy(): void {
    this.#stop.abort();
    this.#link?.destroy();
    this.#link = null;
    this.#growthListeners.clear();
  }

  /** Everything that is known of the story, with what this viewer may not see. */
  get view(): StoryView {
    return this.#view;
  }

  /**
   * Shows what the device kept, if that is newer than what the page shows. It is no news: nobody
   * is told of takes that have grown.
   */
  showKept(view: StoryView): void {
    if ((view.meta?.revision ?? 0) <= (this.#view.meta?.revision ?? 0)) return;
    this.#view = view;
    this.#show(view);
  }

  /** What a line to the room tells this page. */
  listener(): StoryListener {
    return {
      onView: (view) => this.follow(view),
      onPresence: (others, unnamed) => {
        this.presence = others;
        this.unnamed = unnamed;
      },
      onProgress: (notice) => this.#note(notice),
      onConnection: (connection) => (this.connection = connection),
      onDrafts: (drafts) => {
        this.drafts = drafts;
        drafts?.subscribe(() => this.lost.seenDrafts(drafts.drafts));
      },
      onSignedOut: () => (this.signedOut = this.person !== null),
      onStanding: ({ role, openness }) => (this.standing = { role, openness }),
      onDeleted: (deleted) => (this.deleted = deleted),
      onLost: (lost) => void this.#lose(lost),
      onTrouble: (words) => (this.trouble = words),
      onLate: (words) => (this.late = words),
    };
  }

  /** Takes over a view unless the page already shows a newer one, as it does until the room syncs. */
  follow(view: StoryView): void {
    if (view.meta === null || view.meta.revision < (this.#view.meta?.revision ?? 0)) return;
    const before = this.takes;
    this.#view = view;
    this.#show(view);
    for (const id of settled(this.progress, (take) => this.#stateOf(take)))
      this.progress.delete(id);
    const grown = newTakes(before, this.takes);
    if (grown.length === 0) return;
    for (const listener of this.#growthListeners) listener(grown);
  }

  /** A draft that was published with the very words that are missing is not lost. */
  async #lose(lost: LostWords): Promise<void> {
    const isThere = lost.why === 'gone' && (await wordsOfTake(lost.takeId)) === lost.text.trim();
    if (!isThere) this.lost.add(lost);
  }

  async #beginDraft(over: TakeId, words: string): Promise<boolean> {
    const { drafts } = this;
    if (drafts === null || drafts.isFull || !drafts.state.writable) return false;
    drafts.begin(over, words);
    await drafts.safe();
    return true;
  }

  #show(view: StoryView): void {
    this.meta = view.meta;
    this.voices = view.voices;
    this.takes = visibleTakes(view.takes, this.person?.id ?? null);
  }

  #note({ takeId, stage, done }: ProgressNotice): void {
    if (!isPast(stage, this.#stateOf(takeId))) this.progress.set(takeId, { stage, done });
  }

  #stateOf(id: TakeId): Take['state'] | undefined {
    return this.#view.takes.find((take) => take.id === id)?.state;
  }
}

function socketUrl({ protocol, host }: Location): string {
  return `${protocol === 'https:' ? 'wss:' : 'ws:'}//${host}${SOCKET_PATH}`;
}
