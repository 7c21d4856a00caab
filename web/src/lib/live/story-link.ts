// A page's line to one story: its tree, who is there, how far the worker is, and its words.
// Loaded after first paint, since it brings Yjs; nothing here knows a DOM or a framework.
import { observeTree, readTree, type StoryView } from '#domain/story/document.ts';
import type { Standing } from '#domain/access/policy.ts';
import { userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { Presence, ProgressNotice } from '#domain/protocol/room.ts';
import { DraftDocument } from '../drafts/draft-document.ts';
import type { WordsKeeper } from '../words/words-keeper.ts';
import type { LostWords } from '../words/lost-words.svelte.ts';
import { WordsDocument } from '../words/words-document.ts';
import type { RoomState } from '../words/kept-room.ts';
import { describeStatus } from '../words/saved-status.ts';
import { OUTDATED_AFTER, outdatedWords, ruleOf } from './close-rules.ts';
import { followLine, newLine, type Connection, type LineEvent } from './connection.ts';
import { othersPresent, samePresence, unnamedOthers } from './presence.ts';
import { parseNotice } from './progress.ts';
import { RoomClient, type Self } from './room-client.ts';
import { RoomSocket, waitSecondsOf, type SocketSettings } from './room-socket.ts';

export interface StoryListener {
  onView(view: StoryView): void;
  /** The others by name, and how many more there are. */
  onPresence(others: Presence[], unnamed: number): void;
  onProgress(notice: ProgressNotice): void;
  onConnection(connection: Connection): void;
  /** The drafts of whoever is here now; null for nobody's. */
  onDrafts?(drafts: DraftDocument | null): void;
  /** The server closed the socket because the session is over. */
  onSignedOut?(): void;
  /** What this person is in the story now. */
  onStanding?(standing: Standing): void;
  /** The story was deleted, or is there (again). */
  onDeleted?(deleted: boolean): void;
  /** Words could not be saved by the person who wrote them, and were set aside. */
  onLost?(lost: LostWords): void;
  /** What is wrong with the line, in words; empty once nothing is. */
  onTrouble?(words: string): void;
  /** Whether the server does not store what people write here, and how that is said. */
  onLate?(words: string): void;
}

/** Listeners publish nothing, so a round trip this often keeps both ends sure of the socket, ms. */
const HEARTBEAT_MS = 15_000;

/** How long the words of a take stay open after their last reader left, ms. */
const LINGER_MS = 5_000;

interface OpenWords {
  readonly document: WordsDocument;
  holders: number;
  closing?: ReturnType<typeof setTimeout>;
}

export class StoryLink {
  #line = newLine;
  #destroyed = false;
  #others: Presence[] = [];
  #unnamed = 0;
  #self: Self;
  readonly #storyId: StoryId;
  readonly #keeper: WordsKeeper | undefined;
  #sentFor: string | null = null;
  /** Times the words were opened afresh because the server did not take them as they were. */
  #anew = 0;
  #lateWords = '';
  /** Takes of which the device's copy was refused: words are opened without it. */
  readonly #refused = new Set<TakeId>();
  readonly #listener: StoryListener;
  readonly #socket: RoomSocket;
  readonly #tree: RoomClient;
  readonly #words = new Map<TakeId, OpenWords>();
  #drafts: DraftDocument | null = null;
  readonly #unobserve: () => void;

  constructor(settings: {
    readonly storyId: StoryId;
    readonly self: Self;
    readonly socket: SocketSettings;
    readonly listener: StoryListener;
    /** Keeps words on the device until the server has them. */
    readonly keeper?: WordsKeeper;
  }) {
    this.#storyId = settings.storyId;
    this.#keeper = settings.keeper;
    this.#listener = settings.listener;
    this.#self = settings.self;
    this.#socket = new RoomSocket(settings.socket);
    this.#socket.on('open', () => this.#follow('open'));
    this.#socket.on('close', ({ event }: { event: { code: number; reason: string } }) => {
      this.#follow(waitSecondsOf(event) === null ? 'closed' : 'deferred');
      this.#closed(event.code);
    });
    this.#tree = new RoomClient({
      socket: this.#socket,
      room: { kind: 'story', storyId: settings.storyId },
      self: settings.self,
      heartbeatMs: HEARTBEAT_MS,
      events: {
        onSynced: () => {
          this.#listener.onDeleted?.(false);
          this.#follow('synced');
        },
        onChange: () => this.#treeChanged(),
        onStateless: (payload) => {
          const notice = parseNotice(payload);
          if (notice?.type === 'progress') this.#listener.onProgress(notice);
          if (notice?.type === 'standing') this.#listener.onStanding?.(notice);
        },
        onGone: () => this.#listener.onDeleted?.(true),
      },
    });
    this.#unobserve = observeTree(this.#tree.doc, () => this.#readTree());
    this.#openDrafts();
  }

  /** True while closing the page would lose something that is on no device and with no server. */
  get wouldLose(): boolean {
    return this.#states().some(({ hasUnsaved, keptHere }) => hasUnsaved && !keptHere);
  }

  /** Of everything that people write here. */
  #states(): RoomState[] {
    const words = [...this.#words.values()].map(({ document }) => document.state);
    return this.#drafts === null ? words : [...words, this.#drafts.state];
  }

  /** Opens the words of a take on this socket. Each `openWords` needs its own `closeWords`. */
  openWords(takeId: TakeId): WordsDocument {
    let open = this.#words.get(takeId);
    if (open === undefined) {
      const document = new WordsDocument({
        socket: this.#socket,
        storyId: this.#storyId,
        takeId,
        self: this.#self,
        keeper: this.#refused.has(takeId) ? undefined : this.#keeper,
      });
      open = { document, holders: 0 };
      this.#words.set(takeId, open);
      document.subscribe(() => this.#wordsChanged(takeId));
    }
    clearTimeout(open.closing);
    open.holders += 1;
    return open.document;
  }

  /**
   * Closes them a moment later, so that whoever comes straight back finds the room still open; but
   * not before the server has all that was written.
   */
  closeWords(takeId: TakeId): void {
    const open = this.#words.get(takeId);
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
      this.#words.delete(takeId);
      document.destroy();
      return true;
    };
    if (closeIfSaved()) return;
    const unsubscribe = document.subscribe(() => {
      if (closeIfSaved()) unsubscribe();
    });
  }

  /** What the table in close-rules.ts says of this code. */
  #closed(code: number): void {
    const { act, says } = ruleOf(code);
    this.#listener.onTrouble?.(says);
    if (act === 'signOut') this.#signOut();
    if (act !== 'startAnew') return;
    this.#setAside('refused', ({ state }) => state.hasUnsaved);
    this.#anew += 1;
    if (this.#anew < OUTDATED_AFTER) return;
    this.#socket.disconnect();
    this.#listener.onTrouble?.(outdatedWords);
  }

  /** Nothing of the person who was here may go out under the session of whoever comes next. */
  #signOut(): void {
    this.#setAside('session');
    this.#self = null;
    this.#sentFor = null;
    this.#tree.setSelf(null);
    this.#listener.onSignedOut?.();
  }

  /** Ends those of the open words that may not go on, and hands over what was unsaved of them. */
  #setAside(
    why: LostWords['why'],
    mayNotGoOn: (document: WordsDocument) => boolean = () => true,
  ): void {
    const person = this.#self;
    if (person === null) return;
    for (const [takeId, { document, closing }] of this.#words) {
      if (!mayNotGoOn(document)) continue;
      clearTimeout(closing);
      this.#words.delete(takeId);
      if (why === 'refused') this.#refused.add(takeId);
      const ended = document.end({ forget: why === 'refused' });
      if (ended !== null) this.#listener.onLost?.({ ...ended, takeId, person, why });
    }
    this.#sayLate();
  }

  #wordsChanged(takeId: TakeId): void {
    const document = this.#words.get(takeId)?.document;
    // What was written before somebody lost the right to is theirs, and not the server's any more.
    if (document?.state.status === 'forbidden')
      this.#setAside('refused', (one) => one === document);
    this.#sayLate();
  }

  #sayLate(): void {
    const late = this.#states().filter(({ status }) => status === 'late');
    const keptHere = late.every((state) => state.keptHere);
    const words = late.length === 0 ? '' : describeStatus('late', { hasUnsaved: true, keptHere });
    if (words === this.#lateWords) return;
    this.#lateWords = words;
    this.#listener.onLate?.(words);
  }

  /** Opens the words that an earlier page kept on this device unsaved, until they are saved. */
  async #sendKept(): Promise<void> {
    const self = this.#self;
    if (self === null || this.#keeper === undefined || this.#sentFor === self.id) return;
    this.#sentFor = self.id;
    const takes = await this.#keeper.unsaved(userId(self.id), this.#storyId);
    for (const takeId of takes) {
      if (this.#destroyed) return;
      this.openWords(takeId);
      this.closeWords(takeId);
    }
  }

  /** Says over which take's tail this person records now; null when they stop. */
  recordingOver(takeId: TakeId | null): void {
    this.#tree.setPresence({ recordingOver: takeId });
  }

  /** Hides this page from the others, as when its tab has been hidden for long. */
  setAway(away: boolean): void {
    this.#tree.setAway(away);
  }

  /** Opens a new socket as `self`: the cookie of a session counts only from the next upgrade. */
  reconnect(self: Self): void {
    if (this.#self !== null && this.#self.id !== self?.id) this.#setAside('session');
    this.#self = self;
    this.#sentFor = null;
    this.#closeDraftsOfOthers();
    // First the socket: the old one belongs to a listener, who may not say who they are.
    this.#socket.reopen();
    this.#tree.setSelf(self);
    for (const { document } of this.#words.values()) document.setSelf(self);
    this.#openDrafts();
  }

  /** What one person wrote is never under another's eyes, nor sent with another's session. */
  #closeDraftsOfOthers(): void {
    if (this.#drafts === null || this.#drafts.userId === this.#self?.id) return;
    this.#drafts.destroy();
    this.#drafts = null;
    this.#listener.onDrafts?.(null);
  }

  #openDrafts(): void {
    if (this.#drafts !== null || this.#self === null) return;
    this.#drafts = new DraftDocument({
      socket: this.#socket,
      storyId: this.#storyId,
      userId: userId(this.#self.id),
      keeper: this.#keeper,
    });
    this.#drafts.subscribe(() => this.#sayLate());
    this.#listener.onDrafts?.(this.#drafts);
  }

  /** The browser says that the network went, or that there is one again. */
  networkChanged(there: boolean): void {
    this.#follow(there ? 'found' : 'lost');
    if (there) this.#socket.reopen();
    else this.#socket.lose();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#unobserve();
    for (const { document, closing } of this.#words.values()) {
      clearTimeout(closing);
      document.destroy();
    }
    this.#words.clear();
    this.#drafts?.destroy();
    this.#tree.destroy();
    this.#socket.destroy();
  }

  #follow(event: LineEvent): void {
    const before = this.#line.connection;
    this.#line = followLine(this.#line, event);
    if (event === 'synced') {
      this.#listener.onTrouble?.('');
      this.#readTree();
      void this.#sendKept();
    }
    if (this.#line.connection !== before) this.#listener.onConnection(this.#line.connection);
  }

  #treeChanged(): void {
    const room = {
      states: this.#tree.awareness.getStates(),
      ownClientId: this.#tree.doc.clientID,
      ownUserId: this.#self?.id ?? null,
    };
    const others = othersPresent(room);
    const unnamed = unnamedOthers(room, others);
    if (unnamed === this.#unnamed && samePresence(others, this.#others)) return;
    this.#others = others;
    this.#unnamed = unnamed;
    this.#listener.onPresence(others, unnamed);
  }

  #readTree(): void {
    this.#listener.onView(readTree(this.#tree.doc));
  }
}
