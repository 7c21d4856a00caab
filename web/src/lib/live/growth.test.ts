import { describe, expect, it } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import type { Take, TakeState } from '#domain/story/take.ts';
import { describeGrowth, newTakes, visibleTakes } from './growth.ts';

const uuid = (digit: number) => `${String(digit).repeat(8)}-1111-4111-8111-111111111111`;
const mira = userId(uuid(8));
const jo = userId(uuid(9));

function take(digit: number, extra: { createdAtMs?: number; state?: TakeState } = {}): Take {
  return {
    id: takeId(uuid(digit)),
    parentId: null,
    authorId: mira,
    kind: 'voice',
    startSamples: 0,
    durationSamples: 48_000,
    createdAtMs: digit,
    state: { status: 'ready', mixed: true },
    ...extra,
  };
}

const nameOf = (id: string) => (id === mira ? 'Mira' : undefined);

describe('visibleTakes', () => {
  const failed = take(2, { state: { status: 'failed', reason: 'empty' } });

  it('shows a failed take to its author and to nobody else', () => {
    expect(visibleTakes([take(1), failed], mira)).toEqual([take(1), failed]);
    expect(visibleTakes([take(1), failed], jo)).toEqual([take(1)]);
    expect(visibleTakes([take(1), failed], null)).toEqual([take(1)]);
  });

  it('shows a take that is still in the works to everybody', () => {
    const processing = take(3, { state: { status: 'processing' } });
    expect(visibleTakes([processing], null)).toEqual([processing]);
  });
});

describe('newTakes', () => {
  it('gives what is new, oldest first, and nothing for a change of state', () => {
    const before = [take(1, { state: { status: 'processing' } })];
    const after = [take(3), take(1), take(2)];
    expect(newTakes(before, after).map(({ id }) => id)).toEqual([take(2).id, take(3).id]);
    expect(newTakes(after, after)).toEqual([]);
  });
});

describe('describeGrowth', () => {
  it('names one author, counts many, and says nothing of nothing', () => {
    expect(describeGrowth([], nameOf)).toBe('');
    expect(describeGrowth([take(1)], nameOf)).toBe('A new branch by Mira');
    expect(describeGrowth([{ ...take(1), authorId: jo }], nameOf)).toBe('A new branch');
    expect(describeGrowth([take(1), take(2)], nameOf)).toBe('2 new branches');
  });
});
