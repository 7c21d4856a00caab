// A words document behind the guards of the collab-server, without sockets or Postgres: what is let
// through is applied as Hocuspocus applies it.
import * as Y from 'yjs';
import { FRAME, MalformedFrame, readFrame, STEP, syncIn } from '../../collab-server/frames.ts';
import { FrameGuard, TooLarge } from '../../collab-server/guard.ts';
import { NotYours, TooMuch } from '../../collab-server/refusals.ts';
import { checkSync } from '../../collab-server/sync-guard.ts';
import { Unfit } from '../../collab-server/update-guard.ts';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import { wordsOf } from '#domain/story/document.ts';

const REFUSALS = [MalformedFrame, NotYours, TooMuch, TooLarge, Unfit];
const SERVER = 1;

export type Outcome = 'refused' | 'passed over' | 'applied';

/** Somebody who writes, goes offline, and has five more edits in hand. */
export class Victim {
  readonly doc = new Y.Doc();
  static readonly EDITS = ['one ', 'two ', 'three ', 'four ', 'five '];

  constructor(id: number) {
    this.doc.clientID = id;
    wordsOf(this.doc).insert(0, 'Base. ');
  }

  write(): void {
    for (const edit of Victim.EDITS) wordsOf(this.doc).insert(wordsOf(this.doc).length, edit);
  }
}

export class GuardedWords {
  readonly document: Y.Doc & { readonly name: string };
  readonly #name: string;
  readonly #owners = new Map<number, string>([[SERVER, 'server']]);
  readonly #logged: Uint8Array[] = [];
  #guard = new FrameGuard();
  #socket = this.#newSocket();

  constructor(name: string) {
    this.#name = name;
    this.document = Object.assign(new Y.Doc(), { name });
    this.document.on('update', (update: Uint8Array) => this.#logged.push(update));
  }

  /** Takes what somebody has as theirs. */
  begin(owner: string, doc: Y.Doc): void {
    this.#owners.set(doc.clientID, owner);
    Y.applyUpdate(this.document, Y.encodeStateAsUpdate(doc));
  }

  /** What the attacker's frame comes to. @throws what is no refusal: the guards have failed */
  async receive(bytes: Uint8Array): Promise<Outcome> {
    try {
      // Each frame as if it were the first: the rates are tested elsewhere.
      this.#guard = new FrameGuard();
      this.#guard.check(bytes);
      const head = readFrame(bytes);
      const sync = syncIn(readFrame(bytes));
      const isWrite = sync?.step === STEP.update || sync?.step === STEP.reply;
      if (head.document !== this.#name || head.type !== FRAME.sync || sync === null || !isWrite) {
        return 'passed over';
      }
      await this.#check(sync.step, sync.payload);
      Y.applyUpdate(this.document, sync.payload);
      this.#dropParked();
      return 'applied';
    } catch (error) {
      if (!REFUSALS.some((refusal) => error instanceof refusal)) throw error;
      // The connection is over; the attacker has another one.
      this.#socket = this.#newSocket();
      return 'refused';
    }
  }

  /** What must never be, whatever was received. */
  faults(victim: Victim): string[] {
    const known = Y.getState(this.document.store, victim.doc.clientID);
    return [
      ...(this.document.store.pendingStructs === null ? [] : ['structs are parked']),
      ...(this.document.store.pendingDs === null ? [] : ['deletions are parked']),
      ...(known <= 'Base. '.length ? [] : ['the victim’s clocks were used']),
      ...([...this.document.share.keys()].join() === 'words' ? [] : ['there is another root']),
      ...(wordsOf(this.document).length <= MAX_WORDS_LENGTH ? [] : ['the words are too long']),
    ];
  }

  /** What must hold in the end: the words are text, the log makes them, the victim’s edits survive. */
  finalFaults(victim: Victim): string[] {
    const isText = wordsOf(this.document)
      .toDelta()
      .every(
        (run: { insert: unknown; attributes?: object }) =>
          typeof run.insert === 'string' && run.attributes === undefined,
      );
    const replayed = new Y.Doc();
    for (const update of this.#logged) Y.applyUpdate(replayed, update);
    const isReplayed = wordsOf(replayed).toJSON() === wordsOf(this.document).toJSON();
    victim.write();
    Y.applyUpdate(this.document, Y.encodeStateAsUpdate(victim.doc));
    Y.applyUpdate(victim.doc, Y.encodeStateAsUpdate(this.document));
    const lost = Victim.EDITS.filter((edit) =>
      [this.document, victim.doc].some((doc) => !wordsOf(doc).toJSON().includes(edit)),
    );
    return [
      ...(isText ? [] : ['the words are not plain text']),
      ...(isReplayed ? [] : ['the log makes other words']),
      ...lost.map((edit) => `the victim’s "${edit}" is lost`),
    ];
  }

  #check(type: number, payload: Uint8Array): Promise<void> {
    const owners = this.#owners;
    const ids = {
      unseen: ({ clients }: { clients: readonly number[] }) =>
        clients.filter((id) => !owners.has(id)).length,
      foreign: ({ clients, userId }: { clients: readonly number[]; userId: string }) => {
        for (const id of clients) if (!owners.has(id)) owners.set(id, userId);
        return Promise.resolve(clients.filter((id) => owners.get(id) !== userId));
      },
    };
    const sync = {
      document: this.document,
      connection: { readOnly: false },
      context: { socket: this.#socket },
      type,
      payload,
    };
    return checkSync(sync as never, ids as never);
  }

  #dropParked(): void {
    this.document.store.pendingStructs = null;
    this.document.store.pendingDs = null;
  }

  #newSocket() {
    return { viewer: { id: 'attacker' }, isOpen: true, newClients: 0, syncing: () => undefined };
  }
}
