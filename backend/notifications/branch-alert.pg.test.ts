// Who follows a story, and what they are told of a new branch.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, test, vi } from 'vitest';
import { storyId, userId, type UserId } from '#domain/story/ids.ts';
import { NoticeListener } from '#backend/postgres/notices.ts';
import { branchStory } from '#backend/story/branch.ts';
import { newTakeId } from '#backend/story/testing/publishing.ts';
import { notifications } from '#drizzle/schema.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { announceBranch } from './branch-alert.ts';
import { follow, isFollowing, unfollow } from './follow.ts';
import { countUnread, readInbox } from './inbox.ts';
import { useAlertedStory } from './testing/alerted-story.ts';

const at = useAlertedStory(freshDatabase);

describe('following', () => {
  test('begins and ends as often as one likes, and comes with a take of one’s own', async () => {
    expect(await isFollowing(at.db, at.mira.id, at.story.storyId)).toBe(true);
    expect(await isFollowing(at.db, at.jo.id, at.story.storyId)).toBe(false);
    await follow(at.db, at.jo.id, at.story.storyId);
    await follow(at.db, at.jo.id, at.story.storyId);
    expect(await isFollowing(at.db, at.jo.id, at.story.storyId)).toBe(true);
    await unfollow(at.db, at.jo.id, at.story.storyId);
    await unfollow(at.db, at.jo.id, at.story.storyId);
    expect(await isFollowing(at.db, at.jo.id, at.story.storyId)).toBe(false);
    await at.answer(at.ana);
    expect(await isFollowing(at.db, at.ana.id, at.story.storyId)).toBe(true);
  });

  test('of a story that is not there is refused', async () => {
    await expect(follow(at.db, at.jo.id, storyId(randomUUID()))).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

describe('a new branch', () => {
  test('is one line and one job for each follower but its author', async () => {
    await follow(at.db, at.ana.id, at.story.storyId);
    const branch = await at.answer(at.jo);
    const [line] = await readInbox(at.db, at.mira.id);
    expect(line).toMatchObject({
      story: { id: at.story.storyId, slug: at.story.slug, title: 'The lighthouse' },
      takeId: branch.takeId,
      author: { id: at.jo.id, name: 'Jo' },
      answered: { id: at.mira.id, name: 'Mira' },
      durationSamples: 96_000,
      read: false,
    });
    expect(await at.jobsFor(line?.id ?? '')).toBe(1);
    expect(await at.jobsFor(await at.onlyLine(at.ana))).toBe(1);
    expect(await readInbox(at.db, at.jo.id)).toEqual([]);
  });

  test('that is announced again adds nothing', async () => {
    const branch = await at.answer(at.jo);
    const line = await at.onlyLine(at.mira);
    for (let n = 0; n < 2; n += 1) {
      await at.db.transaction((tx) => announceBranch(tx, at.queue, branch.takeId));
    }
    await Promise.all(
      Array.from({ length: 5 }, () =>
        at.db.transaction((tx) => announceBranch(tx, at.queue, branch.takeId)),
      ),
    );
    expect(await at.onlyLine(at.mira)).toBe(line);
    expect(await at.jobsFor(line)).toBe(1);
  });

  test('by voice is not announced before it can be heard', async () => {
    const body = { kind: 'voice', uploadId: await at.publishing.recording(at.jo, 480_000) };
    const id = newTakeId();
    await branchStory(at.publishing, at.jo, at.story.storyId, {
      takeId: id,
      parentId: at.story.takeId,
      body,
    });
    expect(await readInbox(at.db, at.mira.id)).toEqual([]);
  });

  test('is not what a seed is, whoever followed the story before it was ready', async () => {
    await follow(at.db, at.ana.id, at.story.storyId);
    await at.db.transaction((tx) => announceBranch(tx, at.queue, at.story.takeId));
    expect(await countUnread(at.db, at.ana.id)).toBe(0);
  });

  test('wakes the followers’ pages when it commits', async () => {
    const woken: UserId[] = [];
    const listener = new NoticeListener(
      at.fresh.url,
      { inbox: (notice) => woken.push(notice.userId) },
      { log: at.fresh.log },
    );
    await listener.ready;
    await at.answer(at.jo);
    await vi.waitFor(() => expect(woken).toEqual([at.mira.id]), 50_000);
    await listener.close();
  });

  test('reaches a thousand followers in one transaction', async () => {
    const crowd = Array.from({ length: 1_000 }, () => userId(randomUUID()));
    await at.fresh.pool.query(
      `with person as (
         insert into users (id, name, hue) select id, 'One', 0 from unnest($1::uuid[]) id returning id
       ) select count(*) from person`,
      [crowd],
    );
    await at.fresh.pool.query(
      `insert into follows (user_id, story_id) select id, $2 from unnest($1::uuid[]) id`,
      [crowd, at.story.storyId],
    );
    const branch = await at.answer(at.jo);
    const lines = await at.db
      .select()
      .from(notifications)
      .where(eq(notifications.takeId, branch.takeId));
    expect(lines).toHaveLength(1_001);
  });
});
