import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { takeId, type TakeId } from '#domain/story/ids.ts';
import {
  audible,
  can,
  command,
  fact,
  holdsTake,
  initialState,
  report,
  type Command,
  type Fact,
  type RecorderState,
  type Report,
} from './recorder-machine.ts';
import {
  isCapturing,
  phases,
  type CommandType,
  type FactType,
  type ReportType,
} from './recorder-phases.ts';

const ids = Array.from({ length: 70 }, () => takeId(randomUUID()));
const idOf = (number: number): TakeId => ids[number] ?? takeId(randomUUID());

const commands: readonly CommandType[] = [
  'open',
  'change-device',
  'record',
  'stop',
  'discard',
  'restore',
  'pick',
  'take-in',
  'set-aside',
  'again',
  'review',
  'publish',
  'close',
];
const reports: readonly ReportType[] = [
  'granted',
  'denied',
  'no-input',
  'not-started',
  'punched',
  'outlasts',
  'interrupted',
  'resumed',
  'ends',
  'captured',
  'nothing-captured',
  'published',
  'queued',
  'not-published',
];
const facts: readonly FactType[] = ['microphone-lost', 'allowed', 'undo-expired'];

const isCommand = (type: string): type is CommandType => commands.some((one) => one === type);
const isReport = (type: string): type is ReportType => reports.some((one) => one === type);

function commandOf(type: CommandType, id: TakeId): Command {
  if (type === 'take-in') return { type, takeId: id, recovered: false };
  if (type === 'record' || type === 'restore' || type === 'pick' || type === 'set-aside')
    return { type, takeId: id };
  return { type };
}

const noticed = [
  'not-started',
  'interrupted',
  'ends',
  'nothing-captured',
  'not-published',
] as const;

function reportOf(type: ReportType, intent: number): Report {
  const told = noticed.find((one) => one === type);
  return told === undefined ? ({ type, intent } as Report) : { type: told, intent, notice: told };
}

function factOf(type: FactType, id: TakeId): Fact {
  switch (type) {
    case 'microphone-lost':
      return { type, notice: type };
    case 'undo-expired':
      return { type, takeId: id };
    case 'allowed':
      return { type };
  }
}

type Step = CommandType | ReportType | FactType;

/** Whether a step names a take that was not there before. */
const isNewTake = (type: Step): boolean => ['record', 'take-in', 'set-aside'].includes(type);

/** Runs steps, each with the numbers of now; records and files are new takes: 0, 1, 2 … */
function run(steps: readonly Step[], from: RecorderState = initialState): RecorderState {
  let made = audible(from).length;
  return steps.reduce((state, type) => {
    if (isCommand(type)) {
      const isNew = isNewTake(type);
      const named = type === 'restore' ? state.discarded.at(-1) : state.held[0];
      return command(state, commandOf(type, isNew ? idOf(made++) : (named ?? idOf(69))));
    }
    if (isReport(type)) return report(state, reportOf(type, state.intent));
    return fact(state, factOf(type, state.discarded[0] ?? idOf(69)));
  }, from);
}

const recorded: Step[] = ['open', 'granted', 'record', 'punched', 'outlasts', 'stop', 'captured'];
const recording: Step[] = ['open', 'granted', 'record', 'punched'];

describe('the way of a take', () => {
  test('leads from asking to live through every phase', () => {
    const steps: Step[] = [...recorded, 'publish', 'published'];
    const seen = steps.map((_, index) => run(steps.slice(0, index + 1)).phase);
    expect(seen).toEqual([
      'asking',
      'armed',
      'pre-roll',
      'recording',
      'extending',
      'stopping',
      'reviewing',
      'publishing',
      'live',
    ]);
  });

  test('a stop before there is a tail waits for it, then stops by itself', () => {
    const waiting = run([...recording, 'stop']);
    expect(waiting).toMatchObject({ phase: 'recording', stopWaits: true });
    expect(run(['outlasts'], waiting).phase).toBe('stopping');
  });

  test('a stop in the pre-roll cancels and nothing is kept', () => {
    const state = run(['open', 'granted', 'record', 'stop']);
    expect(state.phase).toBe('armed');
    expect(holdsTake(state)).toBe(false);
  });

  test('permission that comes after the recorder was closed opens nothing', () => {
    const asking = run(['open']);
    const closed = run(['close'], asking);
    expect(report(closed, reportOf('granted', asking.intent))).toBe(closed);
  });

  test('a failed publication keeps the take, and can be sent again or discarded', () => {
    const failed = run(['take-in', 'publish', 'not-published']);
    expect(failed).toMatchObject({ phase: 'failed', notice: 'not-published', held: [ids[0]] });
    expect(run(['publish', 'published'], failed).phase).toBe('live');
    expect(run(['discard'], failed)).toMatchObject({ phase: 'idle', discarded: [ids[0]] });
  });

  test('a publication that was stopped keeps the take, and does not come back as live or failed', () => {
    const publishing = run(['take-in', 'publish']);
    const stopped = run(['stop'], publishing);
    expect(stopped).toMatchObject({ phase: 'reviewing', held: [ids[0]] });
    expect(report(stopped, reportOf('published', publishing.intent))).toBe(stopped);
    expect(report(stopped, reportOf('not-published', publishing.intent))).toBe(stopped);
  });

  test('a publication without a line waits on the device and lets the recorder go', () => {
    expect(run(['take-in', 'publish', 'queued'])).toMatchObject({ phase: 'queued', held: [] });
  });

  test('a kept take is looked at again like any other', () => {
    const id = idOf(0);
    const kept = command(initialState, { type: 'take-in', takeId: id, recovered: true });
    expect(kept).toMatchObject({ phase: 'recovered', chosen: id });
    expect(run(['publish', 'published'], kept).phase).toBe('live');
  });
});

describe('several takes', () => {
  const two = run([...recorded, 'again', 'record', 'punched', 'outlasts', 'stop', 'captured']);

  test('stand side by side, the newest in review, and another one can be chosen', () => {
    expect(two).toMatchObject({ phase: 'reviewing', held: [ids[0], ids[1]], chosen: ids[1] });
    expect(command(two, { type: 'pick', takeId: idOf(0) }).chosen).toBe(ids[0]);
  });

  test('one is discarded, the other comes into review, and the first can be taken back', () => {
    const one = run(['discard'], two);
    expect(one).toMatchObject({ held: [ids[0]], chosen: ids[0], discarded: [ids[1]] });
    expect(run(['restore'], one)).toMatchObject({ held: [ids[0], ids[1]], discarded: [] });
    expect(audible(run(['undo-expired'], one))).toEqual([ids[0]]);
  });

  test('making ready for another keeps them, and leads back to them', () => {
    const ready = run(['again'], two);
    expect(ready).toMatchObject({ phase: 'armed', held: [ids[0], ids[1]] });
    expect(run(['review'], ready)).toMatchObject({ phase: 'reviewing', chosen: ids[1] });
  });
});

describe('interruptions', () => {
  test('a running take is held, and goes on where it was or ends there', () => {
    const held = run(['interrupted'], run([...recording, 'outlasts']));
    expect(held).toMatchObject({ phase: 'interrupted', notice: 'interrupted' });
    expect(run(['resumed'], held)).toMatchObject({ phase: 'extending', notice: null });
    expect(run(['stop', 'captured'], held)).toMatchObject({ phase: 'reviewing', held: [ids[0]] });
  });

  test('a pre-roll that is interrupted was nothing yet', () => {
    const state = run(['open', 'granted', 'record', 'interrupted']);
    expect(state).toMatchObject({ phase: 'armed', running: null, notice: 'interrupted' });
  });

  test('a sound that comes back after the take was ended changes nothing', () => {
    const held = run([...recording, 'interrupted']);
    const ended = run(['stop'], held);
    expect(report(ended, reportOf('resumed', held.intent))).toBe(ended);
  });

  test('known failure 13: a microphone that leaves ends the take at once, says so and keeps it', () => {
    const gone = run(['microphone-lost'], run(recording));
    expect(gone).toMatchObject({ phase: 'stopping', microphone: false, notice: 'microphone-lost' });
    expect(run(['captured'], gone)).toMatchObject({
      phase: 'reviewing',
      held: [ids[0]],
      notice: 'microphone-lost',
    });
  });

  test('another microphone in a running take ends it, keeps it, and asks for the other one', () => {
    const ending = run([...recording, 'change-device']);
    expect(ending.phase).toBe('stopping');
    const asking = run(['captured'], ending);
    expect(asking).toMatchObject({ phase: 'asking', held: [ids[0]] });
    expect(asking.intent).toBe(ending.intent + 1);
    expect(run(['granted'], asking)).toMatchObject({ phase: 'armed', held: [ids[0]] });
  });
});

test('known failure 6: a take that is started over can be taken back, as can one in review', () => {
  const over = run([...recording, 'discard', 'captured']);
  expect(over).toMatchObject({ phase: 'armed', held: [], discarded: [ids[0]] });
  expect(run(['restore'], over)).toMatchObject({ phase: 'reviewing', held: [ids[0]] });
  // A new take does not use up the chance.
  const next = run(['record', 'punched'], over);
  expect(next.discarded).toEqual([ids[0]]);
  expect(run(['restore'], next)).toMatchObject({ phase: 'recording', held: [ids[0]] });
});

test('known failure 14: a finished take stays, whatever the stop of it reports besides', () => {
  const stopping = run([...recording, 'outlasts', 'stop']);
  for (const other of ['not-started', 'interrupted', 'denied', 'resumed', 'ends'] as const)
    expect(report(stopping, reportOf(other, stopping.intent))).toBe(stopping);
  expect(run(['microphone-lost', 'captured'], stopping).held).toEqual([ids[0]]);
});

test('known failure 17: a stop is never overtaken by a start', () => {
  const starting = run(['open', 'granted', 'record']);
  const stopped = run(['stop'], starting);
  for (const late of ['punched', 'outlasts', 'captured', 'ends'] as const)
    expect(report(stopped, reportOf(late, starting.intent))).toBe(stopped);
  expect(stopped.phase).toBe('armed');
});

test('known failure 18: what an earlier start reports does not fire the next take', () => {
  const first = run(['open', 'granted', 'record']);
  const second = run(['stop', 'record'], first);
  expect(second.phase).toBe('pre-roll');
  for (const stale of reports) expect(report(second, reportOf(stale, first.intent))).toBe(second);
});

test('known failure 19: a second press while one is at work begins nothing', () => {
  const starting = run(['open', 'granted', 'record']);
  expect(command(starting, { type: 'record', takeId: idOf(9) })).toBe(starting);
  const asking = run(['open']);
  expect(run(['open'], asking)).toBe(asking);
  const publishing = run(['take-in', 'publish']);
  expect(run(['publish'], publishing)).toBe(publishing);
});

test('known failure 28: a microphone that was blocked is asked for again, and allowing it is noticed', () => {
  const denied = run(['open', 'denied']);
  expect(run(['open', 'granted'], denied).phase).toBe('armed');
  expect(run(['allowed'], denied)).toMatchObject({
    phase: 'idle',
    notice: 'The microphone is allowed now.',
  });
});

test('known failure 33: what went wrong is not said any more once something else is asked for', () => {
  const failed = run(['take-in', 'publish', 'not-published']);
  for (const next of ['publish', 'again', 'discard', 'close'] as const)
    expect(run([next], failed).notice).toBeNull();
});

test('a file that is set aside changes nothing of the take that is made, and is held beside it', () => {
  const before = run([...recording, 'stop']);
  const beside = run(['set-aside'], before);
  expect(beside).toEqual({ ...before, held: [idOf(1)] });
  const both = run(['outlasts', 'captured'], beside);
  expect(both).toMatchObject({ phase: 'reviewing', held: [idOf(1), idOf(0)], chosen: idOf(0) });
});

test('every state has a name and can be left', () => {
  for (const { exits, label } of Object.values(phases)) {
    expect(Object.keys(exits)).not.toEqual([]);
    expect(label).not.toBe('');
  }
});

const everything: readonly Step[] = [...commands, ...reports, ...facts];
const anyStep = fc.record({
  type: fc.constantFrom(...everything),
  /** Whether something is done that the state expects, so that sequences lead somewhere. */
  apt: fc.nat(5).map((number) => number > 0),
  /** Reports may be of an older command. */
  age: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.nat(3)),
  /** Which one is meant. */
  at: fc.nat(30),
});

/** One step as it was taken. */
interface Taken {
  readonly type: Step;
  readonly age: number;
  /** The take that it named. */
  readonly id: TakeId;
  readonly before: RecorderState;
  readonly after: RecorderState;
}

function take(
  before: RecorderState,
  { type: any, apt, age, at }: { type: Step; apt: boolean; age: number; at: number },
  fresh: TakeId,
): Taken {
  const exits = everything.filter((one) => phases[before.phase].exits[one] !== undefined);
  const type = apt ? (exits[at % exits.length] ?? any) : any;
  const known = [...before.discarded, ...before.held];
  const isNew = isNewTake(type);
  const id = isNew ? fresh : (known[at % Math.max(1, known.length)] ?? fresh);
  // Capture that has begun has samples: it does not report that there are none.
  if (type === 'nothing-captured') return { type, age, id, before, after: before };
  if (isCommand(type))
    return { type, age, id, before, after: command(before, commandOf(type, id)) };
  const after = isReport(type)
    ? report(before, reportOf(type, before.intent - age))
    : fact(before, factOf(type, id));
  return { type, age, id, before, after };
}

/** The takes that a step makes: the first sample, or a file. */
function made({ type, id, before, after }: Taken): TakeId | null {
  if ((type === 'take-in' || type === 'set-aside') && after !== before) return id;
  return before.phase === 'pre-roll' && after.phase === 'recording' ? after.running : null;
}

/** The takes that a step may let go. */
function letGo({ type, id, before, after }: Taken): readonly TakeId[] {
  if (type === 'undo-expired' && before.discarded.includes(id)) return [id];
  if (before.phase !== 'publishing') return [];
  if (after.phase === 'live') return before.held;
  return after.phase === 'queued' && before.chosen !== null ? [before.chosen] : [];
}

/** What is always so. */
function isSound(state: RecorderState): boolean {
  const atWork = isCapturing(state.phase) || state.phase === 'stopping';
  const chosenIsHeld = state.chosen === null || state.held.includes(state.chosen);
  return chosenIsHeld && atWork === (state.running !== null);
}

/** Sequences begin anywhere on a take's way, so that they get far. */
const beginnings = fc.constantFrom<Step[]>(
  [],
  recording,
  [...recording, 'outlasts'],
  [...recording, 'interrupted'],
  recorded,
  [...recorded, 'publish'],
);
const seenPhases = new Set<string>();

test('whatever happens: no take is lost, and a stale report changes nothing', () => {
  fc.assert(
    fc.property(beginnings, fc.array(anyStep, { maxLength: 60, size: 'max' }), (first, steps) => {
      let state = run(first);
      /** All whose sound was ever here, and not let go by an expired undo or a publication. */
      const ledger = new Set<TakeId>(audible(state));
      for (const [index, given] of steps.entries()) {
        const taken = take(state, given, idOf(index + 1));
        state = taken.after;
        const fresh = made(taken);
        if (fresh !== null) ledger.add(fresh);
        for (const id of letGo(taken)) ledger.delete(id);
        expect([...audible(state)].toSorted()).toEqual([...ledger].toSorted());
        expect(isSound(state)).toBe(true);
        expect(state.intent).toBeGreaterThanOrEqual(taken.before.intent);
        const stale = isReport(taken.type) && taken.age > 0;
        const meaningless = isCommand(taken.type) && !can(taken.before, taken.type);
        expect((stale || meaningless) && state !== taken.before).toBe(false);
        seenPhases.add(state.phase);
      }
    }),
    { numRuns: 600 },
  );
  // The sequences led everywhere but to a take of an earlier visit, which only a page begins with.
  expect([...seenPhases].toSorted()).toEqual(
    Object.keys(phases)
      .filter((phase) => phase !== 'recovered')
      .toSorted(),
  );
});
