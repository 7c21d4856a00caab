import { expect, test } from 'vitest';
import { takeId, userId } from '#domain/story/ids.ts';
import type { Take } from '#domain/story/take.ts';
import { budsOf } from './buds.ts';

const over = takeId('00000000-0000-4000-8000-000000000001');
const ada = userId('00000000-0000-4000-8000-00000000000a');
const preparing: Take = {
  id: takeId('00000000-0000-4000-8000-000000000002'),
  parentId: over,
  authorId: ada,
  kind: 'voice',
  startSamples: 0,
  durationSamples: null,
  createdAtMs: 0,
  state: { status: 'processing' },
};
const person = (name: string, recordingOver: typeof over | null) => ({
  user: { id: name, name, hue: 0 },
  recordingOver,
});
const nameOf = () => 'Ada';

test('who records over a tail is named there, and listeners are not', () => {
  const presence = [person('Mira', over), person('Jo', null)];
  expect(budsOf({ takes: [], presence, nameOf })).toEqual([
    { over, recording: true, label: 'Mira is recording' },
  ]);
});

test('two on one tail share a bud', () => {
  const presence = [person('Mira', over), person('Jo', over)];
  expect(budsOf({ takes: [], presence, nameOf })[0]?.label).toBe('Mira and Jo are recording');
});

test('a take that is not decoded yet shows at its parent', () => {
  expect(budsOf({ takes: [preparing], presence: [], nameOf })).toEqual([
    { over, recording: false, label: 'Preparing Ada’s take' },
  ]);
});
