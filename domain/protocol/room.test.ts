import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { storyId, takeId, userId } from '../story/ids.ts';
import { parseRoom, presenceSchema, progressNoticeSchema, roomName, type Room } from './room.ts';

const id = '6f9619ff-8b86-4011-b42d-00c04fc964ff';

const room: fc.Arbitrary<Room> = fc.oneof(
  fc.uuid().map((uuid): Room => ({ kind: 'story', storyId: storyId(uuid) })),
  fc.uuid().map((uuid): Room => ({ kind: 'words', takeId: takeId(uuid) })),
  fc.tuple(fc.uuid(), fc.uuid()).map(([user, story]): Room => ({
    kind: 'draft',
    userId: userId(user),
    storyId: storyId(story),
  })),
);

describe('a room', () => {
  it('is found again by its name', () => {
    fc.assert(
      fc.property(room, (each) => {
        expect(parseRoom(roomName(each))).toEqual(each);
      }),
    );
  });

  it('has one name only: whatever parses is written as it was read', () => {
    const name = fc.oneof(
      fc.string(),
      room.map(roomName),
      room.map((each) => roomName(each).toUpperCase()),
      fc.tuple(room, fc.string()).map(([each, tail]) => roomName(each) + tail),
      fc
        .array(fc.constantFrom('story', 'take', 'words', 'draft', id, ''), { maxLength: 5 })
        .map((parts) => parts.join(':')),
    );
    fc.assert(
      fc.property(name, (text) => {
        const parsed = parseRoom(text);
        expect(parsed === null || roomName(parsed) === text).toBe(true);
      }),
    );
  });

  it.each([
    '',
    'story',
    'story:',
    `story:${id}:words`,
    `story:${id}:`,
    `story:${id.toUpperCase()}`,
    `take:${id}`,
    `take:${id}:words:more`,
    `take:${id.toUpperCase()}:words`,
    `take:../${id}:words`,
    `draft:${id}`,
    `draft:${id}:`,
    `draft:${id}:${id}:${id}`,
    `draft:${id}:${id.toUpperCase()}`,
    ` story:${id}`,
    `story:${id}\n`,
    'story:{6f9619ff-8b86-4011-b42d-00c04fc964ff}',
    '__proto__',
  ])('has no name like %j', (name) => {
    expect(parseRoom(name)).toBeNull();
  });
});

describe('what is said in a room', () => {
  it('parses presence, and refuses what could disturb others', () => {
    const user = { id, name: 'Mia', hue: 7 };
    expect(v.is(presenceSchema, { user })).toBe(true);
    expect(v.is(presenceSchema, { user, recordingOver: id, caret: null })).toBe(true);
    expect(v.is(presenceSchema, { user: { ...user, hue: 8 } })).toBe(false);
    expect(v.is(presenceSchema, { user: { ...user, name: 'M'.repeat(41) } })).toBe(false);
    expect(v.is(presenceSchema, { user, recordingOver: 'everything' })).toBe(false);
    expect(v.is(presenceSchema, null)).toBe(false);
  });

  it('parses progress from nothing to all, and no further', () => {
    const notice = { type: 'progress', takeId: id, stage: 'render' };
    for (const done of [0, 0.5, 1])
      expect(v.is(progressNoticeSchema, { ...notice, done })).toBe(true);
    for (const done of [-0.1, 1.1, Number.NaN]) {
      expect(v.is(progressNoticeSchema, { ...notice, done })).toBe(false);
    }
  });
});
