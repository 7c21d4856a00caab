import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  can,
  command,
  holdsTake,
  initialState,
  report,
  type Command,
  type RecorderState,
  type Report,
} from './recorder-machine.ts';

const open = { microphone: true };
type Step = Command['type'] | Report['type'] | ['late', Report['type']];

function reportOf(type: Report['type'], intent: number): Report {
  switch (type) {
    case 'refused':
      return { type, intent, why: 'denied' };
    case 'not-started':
    case 'ends':
    case 'nothing-captured':
    case 'not-published':
      return { type, intent, notice: type };
    case 'granted':
    case 'punched':
    case 'outlasts':
    case 'captured':
    case 'published':
      return { type, intent };
  }
}

const commands = new Set<string>([
  'open',
  'record',
  'stop',
  'discard',
  'restore',
  'choose',
  'publish',
  'close',
]);

function run(steps: readonly Step[], from: RecorderState = initialState): RecorderState {
  return steps.reduce((state, step) => {
    if (typeof step !== 'string') return report(state, reportOf(step[1], state.intent - 1));
    return commands.has(step)
      ? command(state, { type: step as Command['type'] }, open)
      : report(state, reportOf(step as Report['type'], state.intent));
  }, from);
}

describe('the way of a take', () => {
  test('leads from asking to live through every phase', () => {
    const steps: Step[] = [
      'open',
      'granted',
      'record',
      'punched',
      'outlasts',
      'stop',
      'captured',
      'publish',
      'published',
    ];
    const phases = steps.map((_, index) => run(steps.slice(0, index + 1)).phase);
    expect(phases).toEqual([
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
    const waiting = run(['open', 'granted', 'record', 'punched', 'stop']);
    expect(waiting).toMatchObject({ phase: 'recording', stopWaits: true });
    expect(run(['outlasts'], waiting).phase).toBe('stopping');
  });

  test('a stop in the pre-roll cancels and nothing is kept', () => {
    const state = run(['open', 'granted', 'record', 'stop']);
    expect(state.phase).toBe('armed');
    expect(holdsTake(state.phase)).toBe(false);
  });

  test('a start that arrives after its stop is not believed', () => {
    expect(run(['open', 'granted', 'record', 'stop', ['late', 'punched']]).phase).toBe('armed');
    const second = run(['open', 'granted', 'record', 'stop', 'record']);
    expect(report(second, reportOf('punched', second.intent - 2))).toBe(second);
    expect(report(second, reportOf('captured', second.intent - 2))).toBe(second);
  });

  test('permission that comes after the recorder was closed opens nothing', () => {
    expect(run(['open', 'close', ['late', 'granted']]).phase).toBe('idle');
  });

  test('a failed publication keeps the take, and can be sent again or discarded', () => {
    const failed = run(['choose', 'publish', 'not-published']);
    expect(failed).toMatchObject({ phase: 'failed', notice: 'not-published' });
    expect(run(['publish', 'published'], failed).phase).toBe('live');
    expect(run(['discard'], failed).phase).toBe('armed');
  });

  test('a publication that was stopped keeps the take, and does not come back as live or failed', () => {
    const stopped = run(['choose', 'publish', 'stop']);
    expect(stopped.phase).toBe('reviewing');
    expect(run([['late', 'published']], stopped)).toBe(stopped);
    expect(run([['late', 'not-published']], stopped)).toBe(stopped);
    expect(run(['discard'], run(['choose', 'publish'])).phase).toBe('publishing');
  });

  test('a microphone that leaves stops the take and keeps it', () => {
    const steps: Step[] = ['open', 'granted', 'record', 'punched', 'ends', 'captured'];
    expect(run(steps)).toMatchObject({ phase: 'reviewing', notice: 'ends' });
  });
});

test('whatever happens: only a discard, a cancel or success lets a held take go', () => {
  const step = fc.oneof(
    fc.constantFrom<Step[]>(
      'open',
      'record',
      'stop',
      'restore',
      'choose',
      'publish',
      'close',
      'granted',
      'refused',
      'not-started',
      'punched',
      'outlasts',
      'ends',
      'captured',
      'not-published',
    ),
    fc.constantFrom<Step[]>(['late', 'published'], ['late', 'captured'], ['late', 'granted']),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let state = initialState;
      for (const next of steps) {
        const after = run([next], state);
        const lost = holdsTake(state.phase) && !holdsTake(after.phase);
        expect(lost).toBe(false);
        expect(after.intent).toBeGreaterThanOrEqual(state.intent);
        const ignored =
          typeof next === 'string' && commands.has(next) && !can(state, next as Command['type']);
        expect(ignored && after !== state).toBe(false);
        state = after;
      }
    }),
  );
});
