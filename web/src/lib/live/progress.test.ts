import { describe, expect, it } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import type { TakeState } from '#domain/story/take.ts';
import { isPast, parseNotice, settled, type Progress } from './progress.ts';

const id = takeId('11111111-1111-4111-8111-111111111111');

describe('parseNotice', () => {
  it('reads a notice', () => {
    const notice = { type: 'progress', takeId: id, stage: 'render', done: 0.25 };
    expect(parseNotice(JSON.stringify(notice))).toEqual(notice);
  });

  it('reads what somebody is in the story now', () => {
    const notice = { type: 'standing', role: 'teller', openness: 'members' };
    expect(parseNotice(JSON.stringify(notice))).toEqual(notice);
    expect(parseNotice(JSON.stringify({ ...notice, role: 'king' }))).toBeNull();
  });

  it.each([
    ['no JSON', '{'],
    ['another type', JSON.stringify({ type: 'hello', takeId: id, stage: 'render', done: 0 })],
    ['an unknown stage', JSON.stringify({ type: 'progress', takeId: id, stage: 'x', done: 0 })],
    ['more than all', JSON.stringify({ type: 'progress', takeId: id, stage: 'render', done: 2 })],
    ['no take', JSON.stringify({ type: 'progress', stage: 'render', done: 0 })],
  ])('ignores %s', (_what, payload) => {
    expect(parseNotice(payload)).toBeNull();
  });
});

describe('isPast', () => {
  const processing: TakeState = { status: 'processing' };
  const rough: TakeState = { status: 'ready', mixed: false };
  const mixed: TakeState = { status: 'ready', mixed: true };
  const failed: TakeState = { status: 'failed', reason: 'not_audio' };

  it.each([
    ['ingest', undefined, false],
    ['render', undefined, false],
    ['ingest', processing, false],
    ['ingest', rough, true],
    ['render', rough, false],
    ['render', mixed, true],
    ['ingest', failed, true],
    ['render', failed, true],
  ] as const)('%s of a take in state %j: %j', (stage, state, past) => {
    expect(isPast(stage, state)).toBe(past);
  });
});

describe('settled', () => {
  it('names the takes that moved on, and only those', () => {
    const other = takeId('22222222-2222-4222-8222-222222222222');
    const progress = new Map<typeof id, Progress>([
      [id, { stage: 'ingest', done: 0.9 }],
      [other, { stage: 'render', done: 0.1 }],
    ]);
    expect(settled(progress, () => ({ status: 'ready', mixed: false }))).toEqual([id]);
  });
});
