// Documents that are open here: when somebody may do more or less in one than before, the open
// connection does so too.
import type { Connection } from '@hocuspocus/server';
import type { Logger } from '#backend/log.ts';
import type { Database } from '#backend/postgres/database.ts';
import { storyRevisions, type StoryRevisions } from '#backend/story/standing-revisions.ts';
import type { StoryId } from '#domain/story/ids.ts';
import { enter, NoSuchRoom, type Entry } from './authenticate.ts';
import type { RoomSocket } from './room-socket.ts';

/**
 * Stories are looked at this often, milliseconds, whatever notices were heard: what was lost with
 * one is found within two seconds all the same.
 */
const LOOK_EVERY_MS = 1_000;
/** People who are judged anew at once: each is a query or three. */
const AT_ONCE = 4;

/** A document that somebody has open, and what they were let in as. */
export interface Standing {
  readonly connection: Connection;
  readonly socket: RoomSocket;
  entry: Entry;
}

export interface LiveStandingsOptions {
  readonly db: Database;
  readonly log: Logger;
  /** A story has events that may not have been heard of here. */
  readonly onMoved: (storyId: StoryId) => void;
}

/** While Postgres is away nobody's standing is known, and everybody stays what they are. */
export class LiveStandings {
  readonly #options: LiveStandingsOptions;
  readonly #open = new Map<StoryId, Set<Standing>>();
  /** How far each story was when it was last looked at. */
  readonly #seen = new Map<StoryId, number>();
  readonly #due = new Set<StoryId>();
  readonly #timer: NodeJS.Timeout;
  #isLooking = false;

  constructor(options: LiveStandingsOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(this.#open.keys()), LOOK_EVERY_MS).unref();
  }

  /** Watches over an open document until its connection is closed. */
  add(standing: Standing): void {
    const { connection, entry } = standing;
    const { storyId } = entry;
    if (!connection.document.hasConnection(connection)) return;
    let among = this.#open.get(storyId);
    if (among === undefined) {
      among = new Set();
      this.#open.set(storyId, among);
    }
    among.add(standing);
    connection.onClose(() => this.#forget(storyId, standing));
    // Whatever changed while the document was loaded was looked for without this connection.
    this.changed(storyId);
  }

  /** Something of a story was committed. */
  changed(storyId: StoryId): void {
    if (this.#open.has(storyId)) this.#look([storyId]);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#due.clear();
  }

  #forget(storyId: StoryId, standing: Standing): void {
    const among = this.#open.get(storyId);
    among?.delete(standing);
    if (among?.size !== 0) return;
    this.#open.delete(storyId);
    this.#seen.delete(storyId);
  }

  #look(storyIds: Iterable<StoryId>): void {
    for (const id of storyIds) this.#due.add(id);
    if (!this.#isLooking && this.#due.size > 0) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#due.size > 0) {
        const ids = [...this.#due];
        this.#due.clear();
        const found = await storyRevisions(this.#options.db, ids);
        for (const id of ids) await this.#follow(id, found.get(id));
      }
    } catch (error) {
      this.#options.log.debug({ err: error }, 'standings cannot be looked up');
    } finally {
      this.#isLooking = false;
    }
  }

  async #follow(storyId: StoryId, story: StoryRevisions | undefined): Promise<void> {
    const among = [...(this.#open.get(storyId) ?? [])];
    if (story === undefined || story.isDeleted) {
      for (const { socket, connection } of among) socket.putOut(connection, 'gone');
      return;
    }
    if (story.revision > (this.#seen.get(storyId) ?? 0)) this.#options.onMoved(storyId);
    if (this.#open.has(storyId)) this.#seen.set(storyId, story.revision);
    await this.#judge(among.filter(({ entry }) => entry.standingRevision < story.standingRevision));
  }

  /** Everybody's tabs are judged together, and so are all listeners. */
  async #judge(standings: readonly Standing[]): Promise<void> {
    const alike = Map.groupBy(
      standings,
      ({ connection, socket }) => `${connection.document.name} ${socket.viewer?.id}`,
    );
    const waiting = [...alike.values()];
    const work = async () => {
      for (let group = waiting.pop(); group !== undefined; group = waiting.pop()) {
        const entry = await this.#entryOf(group);
        for (const standing of group) apply(standing, entry);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async #entryOf([one]: readonly Standing[]): Promise<Entry | null> {
    if (one === undefined) return null;
    try {
      return await enter(this.#options.db, one.connection.document.name, one.socket.viewer);
    } catch (error) {
      if (error instanceof NoSuchRoom) return null;
      throw error;
    }
  }
}

function apply(standing: Standing, entry: Entry | null): void {
  const { connection, socket, entry: before } = standing;
  if (entry === null) return socket.putOut(connection, 'forbidden');
  standing.entry = entry;
  // Who may write from now on opens the document anew, and sends what it could not until then.
  if (before.readOnly && !entry.readOnly) return socket.putOut(connection, 'reopen');
  if (!before.readOnly && entry.readOnly) socket.makeReadOnly(connection);
  if (JSON.stringify(before.standing) !== JSON.stringify(entry.standing)) {
    socket.tellStanding(connection, entry);
  }
  return undefined;
}
