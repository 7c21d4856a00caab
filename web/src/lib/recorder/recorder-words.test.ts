import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import { planLead } from './lead.ts';
import { can, command, initialState, report } from './recorder-machine.ts';
import {
  announcementOf,
  describeDamage,
  describeFailure,
  describeGoal,
  describeInterruption,
  describeLack,
  describeOpenFailure,
  describeTrouble,
  detailOf,
  describeProgress,
  objectionTo,
} from './recorder-words.ts';

test('an upload tells its share, and a wait what is safe', () => {
  expect(describeProgress({ step: 'saved' }, true)).toBe('Saved here');
  const uploading = {
    step: 'uploading',
    share: 0.629,
    waitMs: null,
    parts: 1,
    arrived: 0,
  } as const;
  expect(describeProgress(uploading, true)).toBe('Uploading 62 %');
  expect(describeProgress({ ...uploading, parts: 4, arrived: 1 }, true)).toBe(
    'Uploading part 2 of 4 · 62 %',
  );
  expect(describeProgress({ ...uploading, waitMs: 1500 }, true)).toBe(
    'The network dropped at 62 %. Your take is safe on this device. We try again in 2 s',
  );
});

test("a failure says what is safe: ours in our words, a refusal in the server's", () => {
  const progress = {
    step: 'uploading',
    share: 0.62,
    waitMs: null,
    parts: 1,
    arrived: 0,
  } as const;
  expect(describeFailure(new Unreachable('x'), progress, true)).toBe(
    'The network dropped at 62 %. Your take is safe on this device. Try again.',
  );
  expect(describeFailure(new Error('unreadable'), progress, true)).toMatch(
    /^This device could not read/u,
  );
  const refused = new Refused(409, { code: 'parent_not_ready', message: 'Mira is not mixed yet.' });
  expect(describeFailure(refused, progress, true)).toBe(
    'Mira is not mixed yet. Your take is safe on this device.',
  );
});

test('the goal counts down to the tail and says why Stop waits', () => {
  const recording = { ...initialState, phase: 'recording' } as const;
  expect(describeGoal(recording, 2.31 * 48_000, 'Mira')).toBe('2.4 s more leaves a tail');
  expect(describeGoal({ ...recording, stopWaits: true }, 48_000, 'Mira')).toBe(
    "Stop waits: a take must outlast Mira's, 1.0 s more leaves a tail",
  );
  expect(describeGoal({ ...recording, phase: 'extending' }, 0, 'Mira')).toBe(
    'Stop whenever you like',
  );
});

test('a stop that waits is announced while it waits, and then what came of it', () => {
  const waiting = { ...initialState, phase: 'recording', stopWaits: true } as const;
  expect(announcementOf(waiting, null, true).words).toBe('Stop waits until there is a tail');
  expect(announcementOf({ ...waiting, phase: 'reviewing' }, null, true).words).toContain(
    'Recorded and safe',
  );
});

test('a take that the device does not keep is never called safe', () => {
  const now = { over: null, countdown: 0, missingSamples: 0, progress: { step: 'saved' } } as const;
  for (const phase of ['reviewing', 'recovered', 'failed'] as const) {
    const state = { ...initialState, phase };
    expect(detailOf(state, { ...now, isKept: true })).toContain('Safe on this device');
    expect(detailOf(state, { ...now, isKept: false })).toContain('this page alone');
  }
  for (const phase of ['idle', 'asking'] as const) {
    const state = { ...initialState, phase };
    expect(detailOf(state, { ...now, isKept: true })).toContain('stays on this device');
    expect(detailOf(state, { ...now, isKept: false })).toContain('keeps no takes');
  }
  const { words } = announcementOf({ ...initialState, phase: 'reviewing' }, null, false);
  expect(words).toContain('this page alone');
  const uploading = { step: 'uploading', share: 0.5, waitMs: 900, parts: 1, arrived: 0 } as const;
  const refused = new Refused(403, { code: 'forbidden', message: 'No.' });
  const said = [
    describeProgress({ step: 'saved' }, false),
    describeProgress(uploading, false),
    describeFailure(refused, uploading, false),
    describeFailure(new Unreachable('x'), uploading, false),
  ];
  for (const sentence of said) expect(sentence).not.toMatch(/safe|saved/iu);
  for (const sentence of said.slice(1)) expect(sentence).toContain('on this page alone');
  for (const trouble of ['failed', 'taken'] as const)
    expect(describeTrouble(trouble)).toContain('does not keep');
  expect(describeTrouble('full')).toContain('out of space');
});

test('a kept take that is damaged says how much of it is silence now', () => {
  expect(describeDamage(0, 48_000)).toEqual([]);
  expect(describeDamage(20_000, 48_000)).toEqual([
    expect.stringContaining('lost 0.5 s of this take'),
  ]);
});

test('known failure 9: the punch point is counted for whoever does not see it, in three numbers', () => {
  const said = [4, 3.4, 3, 2.5, 2, 1.2, 1, 0.4, 0].map((countdownSeconds) =>
    announcementOf({ ...initialState, phase: 'pre-roll' }, countdownSeconds, true),
  );
  const changes = said.filter(({ words }, index) => words !== said[index - 1]?.words);
  expect(changes.map(({ words }) => words)).toEqual(['Get ready', '3', '2', '1', '']);
  // Each number takes the place of the one before it.
  expect(changes.every(({ how }) => how === 'assertive')).toBe(true);
});

test('an interruption says what happened, what is safe and what to do', () => {
  expect(describeInterruption('output', 18 * 48_000)).toBe(
    'Your headphones or speakers changed. Your 0:18 is safe. Continue, or stop here.',
  );
  expect(describeInterruption('suspended', null)).toBe(
    'Something else took the sound. Press Record to begin again.',
  );
});

test('known failure 11: a microphone that did not open can be tried again, whatever the reason', () => {
  for (const name of ['NotReadableError', 'AbortError', 'InvalidStateError', 'TypeError']) {
    const words = describeOpenFailure(Object.assign(new Error(name), { name }));
    expect(words).toMatch(/Nothing is lost\..*[Tt]ry again\./u);
    expect(words).not.toContain(name);
  }
  const asking = command(initialState, { type: 'open' });
  const failed = report(asking, { type: 'not-started', intent: asking.intent, notice: 'x' });
  expect(can(failed, 'open')).toBe(true);
});

test('a take that leaves no tail says what it lacks, and that it is safe', () => {
  expect(describeLack(0, 'Mira')).toBeNull();
  expect(describeLack(48_001, 'Mira')).toBe(
    'Mira’s take goes on for 1.1 s after yours ends, so yours leaves no tail. It is safe here; record again to go past it.',
  );
});

test('a file is objected to before it is sent when it is empty, too large or too short', () => {
  const parent = {
    id: takeId(randomUUID()),
    kind: 'voice' as const,
    name: 'Mira',
    hue: 0,
    startSamples: 0,
    durationSamples: 480_000,
  };
  const plan = planLead({ take: parent, parent: null, grandparent: null });
  const objection = (size: number, durationSamples: number | null) =>
    objectionTo({ size, durationSamples }, plan, parent);
  expect(objection(0, null)).toContain('empty');
  expect(objection(65 * 1024 * 1024, null)).toContain('64 MB');
  expect(objection(1, 432_000)).toContain('ends 1.1 s before Mira does');
  expect(objection(1, 480_001)).toBeNull();
  expect(objection(1, null)).toBeNull();
});
