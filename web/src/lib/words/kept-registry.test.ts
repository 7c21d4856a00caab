import { describe, expect, it } from 'vitest';
import { storyId, takeId, userId } from '#domain/story/ids.ts';
import {
  isStale,
  KEEP_CLOSED_MS,
  keptName,
  partsOf,
  stillUnsaved,
  unsavedKey,
} from './kept-registry.ts';

const uuid = '11111111-1111-4111-8111-111111111111';
const other = '22222222-2222-4222-8222-222222222222';

describe('what is still unsaved after an acknowledgement', () => {
  it('is nothing of what this tab did, or found when it opened', () => {
    expect(stillUnsaved({ here: 7, before: 3 }, { before: 3 }, 'here')).toEqual({});
  });

  it('is what another tab wrote since, or began', () => {
    const loaded = { before: 3 };
    expect(stillUnsaved({ before: 4, late: 1 }, loaded, 'here')).toEqual({ before: 4, late: 1 });
  });

  it('is known by the parts of the document that it is in', () => {
    const unsaved = {
      [unsavedKey('here')]: 2,
      [unsavedKey('here', 'one')]: 2,
      [unsavedKey('late')]: 3,
      [unsavedKey('late', 'one')]: 1,
      [unsavedKey('late', 'two')]: 3,
    };
    expect(partsOf(unsaved)).toEqual(['one', 'two']);
    const left = stillUnsaved(unsaved, {}, 'here');
    expect(Object.keys(left)).toEqual(['late', 'late one', 'late two']);
    expect(partsOf({ here: 1 })).toEqual([]);
  });
});

describe('what may be forgotten', () => {
  const entry = {
    key: 'any',
    userId: userId(uuid),
    storyId: storyId(uuid),
    takeId: takeId(uuid),
    unsaved: {},
    touchedMs: 0,
  };

  it('is what is saved and was closed for long, and nothing else', () => {
    expect(isStale(entry, KEEP_CLOSED_MS + 1)).toBe(true);
    expect(isStale(entry, KEEP_CLOSED_MS)).toBe(false);
    expect(isStale({ ...entry, unsaved: { tab: 0 } }, 10 * KEEP_CLOSED_MS)).toBe(false);
  });
});

it('keeps the words of two people of one device apart', () => {
  const words = { storyId: storyId(uuid), takeId: takeId(uuid) };
  expect(keptName({ ...words, userId: userId(uuid) })).not.toBe(
    keptName({ ...words, userId: userId(other) }),
  );
});
