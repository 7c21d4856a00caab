// The history of a take's words: who changed which words when, told from the updates of the log.
import * as Y from 'yjs';
import { wordsOf } from './document.ts';
import type { UserId } from './ids.ts';
import { carry, textBefore, textOf, unmarked, type Marks } from './words-marks.ts';

/** Somebody who pauses longer than this begins another version, milliseconds. */
export const PAUSE_MS = 60_000;
/** And so does whoever has been writing this long: a version says when, not only who. */
export const LONGEST_MS = 10 * 60_000;
/** And whose version has this many marks or characters: each is stored and shown as one. */
const MOST_MARKS = 500;
const MOST_LENGTH = 20_000;

/**
 * `published`: as the take was published. `restored`: somebody brought earlier words back.
 * `forgot`: somebody had the versions before it forgotten.
 */
export type VersionKind = 'published' | 'edit' | 'restored' | 'forgot';

/** What one person wrote without a long pause. */
export interface Version {
  /** Number of its first update in the log: what it is called. */
  readonly seq: number;
  readonly kind: VersionKind;
  /** Null for the server. */
  readonly authorId: UserId | null;
  readonly beganAtMs: number;
  readonly endedAtMs: number;
  /** When the words ended that it brought back. */
  readonly restoresMs: number | null;
  /** The words when it ended, with what its author changed; null if they were forgotten. */
  readonly marks: Marks | null;
}

/** A version whose author may be writing on. */
export interface RunningVersion extends Version {
  readonly marks: Marks;
  /** Its marks carried over what others have written since it ended, so far. */
  readonly running: Marks;
}

/** One update as the log has it. */
export interface LoggedEdit {
  readonly seq: number;
  readonly update: Uint8Array;
  readonly userId: UserId | null;
  readonly atMs: number;
  readonly restoresMs: number | null;
}

/** What is known before the first of some updates. */
export interface Beginning {
  /** The state that earlier updates led to; null if there were none. */
  readonly state: Uint8Array | null;
  /** Versions that ended so short a time ago that they may go on. */
  readonly running: readonly RunningVersion[];
}

export interface Chronicle {
  /** Versions that these updates began or went on with, in the order in which they began. */
  readonly versions: readonly (Version | RunningVersion)[];
  readonly text: string;
}

/** Tells versions from updates in their order; those that changed no words are passed over. */
export function chronicle(before: Beginning, updates: readonly LoggedEdit[]): Chronicle {
  const doc = new Y.Doc();
  try {
    const words = wordsOf(doc);
    if (before.state !== null) Y.applyUpdate(doc, before.state);
    const teller = new Teller(before);
    let edit: LoggedEdit | null = null;
    let text = words.toJSON();
    words.observe(({ delta }) => {
      if (edit !== null) teller.tell(edit, { delta, before: text });
      text = words.toJSON();
    });
    for (const update of updates) {
      edit = update;
      Y.applyUpdate(doc, update.update);
    }
    return { versions: teller.versions(), text };
  } finally {
    doc.destroy();
  }
}

export function isRunning(version: Version | RunningVersion): version is RunningVersion {
  return 'running' in version;
}

/**
 * The words as they were at some time: those of the last version that had ended by then. Null if
 * that is not known any more. @param versions oldest first, at least one
 */
export function wordsAt(versions: readonly Version[], atMs: number): string | null {
  const last = versions.findLast(({ endedAtMs }) => endedAtMs <= atMs);
  if (last !== undefined) return last.marks === null ? null : textOf(last.marks);
  const first = versions[0];
  if (first === undefined || first.marks === null || first.kind === 'forgot') return null;
  return first.kind === 'published' ? textOf(first.marks) : textBefore(first.marks);
}

/** Oldest first: by when they ended, then by when they began. */
export const oldestFirst = (a: Version, b: Version): number =>
  a.endedAtMs - b.endedAtMs || a.seq - b.seq;

class Teller {
  readonly #told = new Map<number, Version | RunningVersion>();
  /** The running version of each author. */
  readonly #running = new Map<UserId | null, RunningVersion>();
  #isFirst: boolean;

  constructor({ state, running }: Beginning) {
    this.#isFirst = state === null;
    for (const version of running) this.#keep(version);
  }

  versions(): readonly (Version | RunningVersion)[] {
    return [...this.#told.values()];
  }

  tell(edit: LoggedEdit, change: { readonly delta: Y.YTextEvent['delta']; before: string }): void {
    const { userId, atMs } = edit;
    this.#endPaused(atMs);
    const own = this.#running.get(userId);
    if (own !== undefined && !goesOn(own, edit)) this.#end(own);
    for (const version of this.#running.values()) {
      const isTheirs = version.authorId === userId;
      const running = carry(version.running, change.delta, isTheirs);
      const endedAtMs = Math.max(version.endedAtMs, atMs);
      this.#keep({ ...version, running, ...(isTheirs && { marks: running, endedAtMs }) });
    }
    if (!this.#running.has(userId)) {
      const marks = carry(unmarked(change.before), change.delta, true);
      this.#begin(edit, marks);
    }
    this.#isFirst = false;
  }

  #begin({ seq, userId, atMs, restoresMs }: LoggedEdit, marks: Marks): void {
    const kind =
      restoresMs !== null ? 'restored' : this.#isFirst && userId === null ? 'published' : 'edit';
    const version: Version = {
      seq,
      kind,
      authorId: userId,
      beganAtMs: atMs,
      endedAtMs: atMs,
      restoresMs,
      marks,
    };
    if (kind === 'edit') this.#keep({ ...version, marks, running: marks });
    else this.#told.set(seq, version);
  }

  #keep(version: RunningVersion): void {
    this.#running.set(version.authorId, version);
    this.#told.set(version.seq, version);
  }

  #end(version: RunningVersion): void {
    const { seq, kind, authorId, beganAtMs, endedAtMs, restoresMs, marks } = version;
    this.#running.delete(authorId);
    this.#told.set(seq, { seq, kind, authorId, beganAtMs, endedAtMs, restoresMs, marks });
  }

  #endPaused(nowMs: number): void {
    for (const version of this.#running.values()) {
      if (nowMs - version.endedAtMs > PAUSE_MS) this.#end(version);
    }
  }
}

function goesOn({ beganAtMs, marks }: RunningVersion, { atMs, restoresMs }: LoggedEdit): boolean {
  const length = marks.reduce((sum, [, text]) => sum + text.length, 0);
  const isFull = marks.length >= MOST_MARKS || length >= MOST_LENGTH;
  return restoresMs === null && !isFull && atMs - beganAtMs <= LONGEST_MS;
}
