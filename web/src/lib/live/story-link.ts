// A page's line to one story: its tree, who is there, how far the worker is, and its words.
// Loaded after first paint, since it brings Yjs; nothing here knows a DOM or a framework.
import { observeTree, readTree, type StoryView } from '#domain/story/document.ts';
import type { Standing } from '#domain/access/policy.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import type { Presence, ProgressNotice } from '#domain/protocol/room.ts';
import type { DraftDocument } from '../drafts/draft-document.ts';
import { PageDrafts } from '../drafts/page-drafts.ts';
import type { WordsKeeper } from '../words/words-keeper.ts';
import type { RoomState } from '../words/kept-room.ts';
import type { LostWords } from '../words/lost-words.svelte.ts';
import { PageWords } from '../words/page-words.ts';
import type { WordsDocument } from '../words/words-document.ts';
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

export class StoryLink {
  #line = newLine;
  #others: Presence[] = [];
  #unnamed = 0;
  #self: Self;
  /** Times in a row that the server did not take what was written here as it was. */
  #anew = 0;
  #lateWords = '';
  readonly #listener: StoryListener;
  readonly #socket: RoomSocket;
  readonly #tree: RoomClient;
  readonly #words: PageWords;
  readonly #drafts: PageDrafts;
  readonly #unobserve: () => void;

  constructor(settings: {
    readonly storyId: StoryId;
    readonly self: Self;
    readonly socket: SocketSettings;
    readonly listener: StoryListener;
    /** Keeps words on the device until the server has them. */
    readonly keeper?: WordsKeeper;
  }) {
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
    const page = {
      socket: this.#socket,
      storyId: settings.storyId,
      self: settings.self,
      keeper: settings.keeper,
      listener: {
        onState: () => this.#sayLate(),
        onTaken: () => (this.#anew = 0),
        onLost: (lost: LostWords) => this.#listener.onLost?.(lost),
      },
    };
    this.#words = new PageWords(page);
    this.#drafts = new PageDrafts(page, (drafts) => this.#listener.onDrafts?.(drafts));
  }

  /** True while closing the page would lose something that is on no device and with no server. */
  get wouldLose(): boolean {
    return this.#states().some(({ hasUnsaved, keptHere }) => hasUnsaved && !keptHere);
  }

  /** Of everything that people write here. */
  #states(): RoomState[] {
    return [...this.#words.states, ...this.#drafts.states];
  }

  /** Opens the words of a take on this socket. Each `openWords` needs its own `closeWords`. */
  openWords(takeId: TakeId): WordsDocument {
    return this.#words.open(takeId);
  }

  /** Closes them once nobody holds them, and the server has all that was written. */
  closeWords(takeId: TakeId): void {
    this.#words.close(takeId);
  }

  /** What the table in close-rules.ts says of this code. */
  #closed(code: number): void {
    const { act, says } = ruleOf(code);
    this.#listener.onTrouble?.(says);
    if (act === 'signOut') this.#signOut();
    if (act !== 'startAnew') return;
    this.#words.setAside('refused', ({ state }) => state.hasUnsaved);
    this.#drafts.refused();
    this.#anew += 1;
    if (this.#anew < OUTDATED_AFTER) return;
    this.#socket.disconnect();
    this.#listener.onTrouble?.(outdatedWords);
  }

  /** Nothing of the person who was here may go out under the session of whoever comes next. */
  #signOut(): void {
    this.#self = null;
    this.#words.setSelf(null);
    this.#tree.setSelf(null);
    this.#listener.onSignedOut?.();
  }

  #sayLate(): void {
    const late = this.#states().filter(({ status }) => status === 'late');
    const keptHere = late.every((state) => state.keptHere);
    const words = late.length === 0 ? '' : describeStatus('late', { hasUnsaved: true, keptHere });
    if (words === this.#lateWords) return;
    this.#lateWords = words;
    this.#listener.onLate?.(words);
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
    // First what must not go on, then the socket: the old one belongs to a listener, who may not
    // say who they are.
    if (this.#self !== null && this.#self.id !== self?.id) this.#words.setAside('session');
    this.#self = self;
    this.#socket.reopen();
    this.#tree.setSelf(self);
    this.#words.setSelf(self);
    this.#drafts.setSelf(self);
  }

  /** The browser says that the network went, or that there is one again. */
  networkChanged(there: boolean): void {
    this.#follow(there ? 'found' : 'lost');
    if (there) this.#socket.reopen();
    else this.#socket.lose();
  }

  destroy(): void {
    this.#unobserve();
    this.#words.destroy();
    this.#drafts.destroy();
    this.#tree.destroy();
    this.#socket.destroy();
  }

  #follow(event: LineEvent): void {
    const before = this.#line.connection;
    this.#line = followLine(this.#line, event);
    if (event === 'synced') {
      this.#listener.onTrouble?.('');
      this.#readTree();
      void this.#words.sendKept();
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
