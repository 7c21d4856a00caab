// What somebody was told, and what of it they have read.
import { describe, expect, test } from 'vitest';
import { newTakeId } from '#backend/story/testing/publishing.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { countUnread, markRead, readInbox } from './inbox.ts';
import { useAlertedStory } from './testing/alerted-story.ts';

const at = useAlertedStory(freshDatabase);

describe('an inbox', () => {
  test('counts what is unread, and marks one line, one take or all as read', async () => {
    const branches = [];
    for (let n = 0; n < 4; n += 1) branches.push(await at.answer(at.jo));
    expect(await countUnread(at.db, at.mira.id)).toBe(4);
    const lines = await readInbox(at.db, at.mira.id);
    expect(lines.map((line) => line.takeId)).toEqual(
      branches.map((branch) => branch.takeId).toReversed(),
    );
    await markRead(at.db, at.mira.id, { id: lines[0]?.id ?? '' });
    expect(await countUnread(at.db, at.mira.id)).toBe(3);
    await markRead(at.db, at.mira.id, { takeId: lines[1]?.takeId ?? newTakeId() });
    expect(await countUnread(at.db, at.mira.id)).toBe(2);
    await markRead(at.db, at.jo.id, 'all');
    await markRead(at.db, at.jo.id, { id: lines[2]?.id ?? '' });
    expect(await countUnread(at.db, at.mira.id)).toBe(2);
    await markRead(at.db, at.mira.id, 'all');
    expect(await countUnread(at.db, at.mira.id)).toBe(0);
    expect((await readInbox(at.db, at.mira.id)).every((line) => line.read)).toBe(true);
  });

  test('goes on where a page ended', async () => {
    for (let n = 0; n < 5; n += 1) await at.answer(at.jo);
    const whole = await readInbox(at.db, at.mira.id);
    const first = await readInbox(at.db, at.mira.id, { limit: 2 });
    expect(first).toEqual(whole.slice(0, 2));
    const beforeMs = first[1]?.createdAtMs ?? 0;
    expect(await readInbox(at.db, at.mira.id, { beforeMs })).toEqual(whole.slice(2));
    for (const absurd of [8.64e15, 1e300]) {
      expect(await readInbox(at.db, at.mira.id, { beforeMs: absurd })).toEqual(whole);
    }
  });
});
