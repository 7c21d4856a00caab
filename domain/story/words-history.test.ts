import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { wordsOf } from './document.ts';
import { userId, type UserId } from './ids.ts';
import {
  chronicle,
  isRunning,
  LONGEST_MS,
  oldestFirst,
  PAUSE_MS,
  wordsAt,
  type LoggedEdit,
  type Version,
} from './words-history.ts';
import { textBefore, textOf } from './words-marks.ts';

const people = ['a', 'b', 'c'].map((letter) =>
  userId(`00000000-0000-4000-8000-00000000000${letter}`),
);
const [ana, ben] = people;
if (ana === undefined || ben === undefined) throw new Error('nobody is there');

/** Somebody takes `remove` units away at a share of the text, and writes `insert` there. */
interface Act {
  readonly who: number;
  readonly pauseMs: number;
  readonly at: number;
  readonly remove: number;
  readonly insert: string;
  /** Whether they have seen what the others wrote. */
  readonly sees: boolean;
  readonly restores: boolean;
}

/** The log that these acts lead to, and the text after each. */
function play(acts: readonly Act[]): { log: LoggedEdit[]; texts: string[] } {
  const log: LoggedEdit[] = [];
  const texts: string[] = [];
  const docs = people.map(() => new Y.Doc());
  const all = new Y.Doc();
  let nowMs = 1_000_000;
  for (const { who, pauseMs, at, remove, insert, sees, restores } of acts) {
    const doc = docs[who];
    if (doc === undefined) continue;
    if (sees) for (const { update } of log) Y.applyUpdate(doc, update);
    nowMs += pauseMs;
    const before = Y.encodeStateVector(doc);
    const words = wordsOf(doc);
    const index = Math.floor(at * words.length);
    doc.transact(() => {
      words.delete(index, Math.min(remove, words.length - index));
      words.insert(index, insert);
    });
    const update = Y.encodeStateAsUpdate(doc, before);
    Y.applyUpdate(all, update);
    texts.push(wordsOf(all).toJSON());
    const restoresMs = restores ? 1 : null;
    log.push({ seq: log.length + 1, update, userId: people[who] ?? null, atMs: nowMs, restoresMs });
  }
  return { log, texts };
}

const acts = fc.array(
  fc.record<Act>({
    who: fc.nat({ max: people.length - 1 }),
    pauseMs: fc.oneof(fc.nat({ max: 5_000 }), fc.nat({ max: 3 * PAUSE_MS })),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    remove: fc.nat({ max: 4 }),
    insert: fc.string({ minLength: 1, maxLength: 6 }),
    sees: fc.boolean(),
    restores: fc.nat({ max: 9 }).map((dice) => dice === 0),
  }),
  { maxLength: 30 },
);

const whole = (log: readonly LoggedEdit[]) => chronicle({ state: null, running: [] }, log);
const settled = (versions: readonly Version[]) =>
  versions.map(({ seq, kind, authorId, beganAtMs, endedAtMs, marks }) => ({
    seq,
    kind,
    authorId,
    beganAtMs,
    endedAtMs,
    marks,
  }));

/** The numbers of the edits of each version, by the rule alone. */
function groups(log: readonly LoggedEdit[]): number[][] {
  const found: { by: UserId | null; edits: LoggedEdit[] }[] = [];
  for (const edit of log) {
    const last = found.findLast(({ by }) => by === edit.userId)?.edits;
    const [first, newest] = [last?.[0], last?.at(-1)];
    const goesOn =
      first !== undefined &&
      newest !== undefined &&
      newest.restoresMs === null &&
      edit.restoresMs === null &&
      edit.atMs - newest.atMs <= PAUSE_MS &&
      edit.atMs - first.atMs <= LONGEST_MS;
    if (goesOn) last?.push(edit);
    else found.push({ by: edit.userId, edits: [edit] });
  }
  return found.map(({ edits }) => edits.map(({ seq }) => seq));
}

describe('a chronicle', () => {
  test('has one version for each stretch of writing without a pause, whoever else writes', () => {
    fc.assert(
      fc.property(acts, (played) => {
        const { log, texts } = play(played);
        const { versions, text } = whole(log);
        expect(text).toBe(texts.at(-1) ?? '');
        const expected = groups(log);
        expect(versions.map(({ seq }) => seq)).toEqual(expected.map(([first]) => first));
        for (const [n, seqs] of expected.entries()) {
          const last = seqs.at(-1) ?? 0;
          const marks = versions[n]?.marks ?? null;
          expect(marks === null ? null : textOf(marks)).toBe(texts[last - 1]);
          expect(versions[n]?.endedAtMs).toBe(log[last - 1]?.atMs);
        }
      }),
    );
  });

  test('is the same wherever the log was compacted', () => {
    fc.assert(
      fc.property(acts, fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), (played, cuts) => {
        const { log } = play(played);
        const all = new Map<number, Version>();
        const doc = new Y.Doc();
        let before: Parameters<typeof chronicle>[0] = { state: null, running: [] };
        let from = 0;
        for (const cut of [...cuts.toSorted((a, b) => a - b), log.length]) {
          const part = log.slice(from, Math.max(from, cut));
          from = Math.max(from, cut);
          if (part.length === 0) continue;
          const { versions } = chronicle(before, part);
          for (const version of versions) all.set(version.seq, version);
          for (const { update } of part) Y.applyUpdate(doc, update);
          const state = Y.encodeStateAsUpdate(doc);
          before = { state, running: versions.filter(isRunning) };
        }
        expect(settled([...all.values()])).toEqual(settled(whole(log).versions));
      }),
    );
  });

  test('of one person, each version begins with the words that the one before ended with', () => {
    fc.assert(
      fc.property(acts, (played) => {
        const { log } = play(played.map((act) => ({ ...act, who: 0 })));
        const { versions } = whole(log);
        let text = '';
        for (const { marks } of versions) {
          expect(textBefore(marks ?? [])).toBe(text);
          text = textOf(marks ?? []);
        }
      }),
    );
  });

  test('marks what each of two added and took away while they wrote at once', () => {
    const { log } = play([
      { who: 0, at: 0, remove: 0, insert: 'one two', pauseMs: 0, sees: true, restores: false },
      { who: 1, at: 1, remove: 0, insert: '!', pauseMs: 2 * PAUSE_MS, sees: true, restores: false },
      { who: 0, at: 0, remove: 3, insert: 'ONE', pauseMs: 10, sees: true, restores: false },
      { who: 1, at: 1, remove: 0, insert: '?', pauseMs: 10, sees: true, restores: false },
    ]);
    const marks = whole(log).versions.map((version) => version.marks);
    expect(marks).toEqual([
      [['+', 'one two']],
      [
        ['=', 'ONE two'],
        ['+', '!?'],
      ],
      [
        ['-', 'one'],
        ['+', 'ONE'],
        ['=', ' two!'],
      ],
    ]);
  });
});

function version(seq: number, endedAtMs: number, marks: Version['marks']): Version {
  const kind = seq === 1 ? 'published' : 'edit';
  const authorId = people[0] ?? null;
  return { seq, kind, authorId, beganAtMs: endedAtMs, endedAtMs, restoresMs: null, marks };
}

describe('the words at some time', () => {
  const published = version(1, 100, [['+', 'Once']]);
  const second = version(2, 200, [
    ['=', 'Once'],
    ['+', ' upon'],
  ]);

  test('are those of the last version that had ended', () => {
    const versions = [second, published].toSorted(oldestFirst);
    expect([wordsAt(versions, 199), wordsAt(versions, 200)]).toEqual(['Once', 'Once upon']);
  });

  test('before the first version are what it began with, and those as published from the start', () => {
    expect(wordsAt([second], 10)).toBe('Once');
    expect(wordsAt([published, second], 10)).toBe('Once');
  });

  test('that were forgotten are not known', () => {
    const forgotten = version(2, 200, null);
    expect(wordsAt([published, forgotten, version(3, 300, [['=', 'x']])], 250)).toBeNull();
    expect(wordsAt([{ ...second, kind: 'forgot' }], 10)).toBeNull();
  });
});
