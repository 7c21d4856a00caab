// Commands on a story as a whole: its title, who may branch it, and who is what in it. Each says how
// things shall be, so that sending it twice changes nothing the second time and needs no key.
import { and, eq, ne } from 'drizzle-orm';
import { may, type MemberRole, type Person } from '#domain/access/policy.ts';
import type { StoryChange } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, UserId } from '#domain/story/ids.ts';
import { stories, storyMembers, users } from '#drizzle/schema.ts';
import type { Database, Transaction } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import { recordEvent, type StoryEvent } from './events.ts';
import { lockStory, notYours, seedOf, type StoryStanding } from './standing.ts';

/** What a command did; null for nothing that anybody has to hear of. */
type Outcome = Pick<StoryEvent, 'kind' | 'formerTitle'> | null;

/**
 * Gives a story another title (its owner and keepers may) or another openness (its owner may). Its
 * address stays.
 * @throws {Problem} `not_found` if there is no such story or the person may not, `unavailable`
 */
export async function changeStory(
  db: Database,
  person: Person,
  storyId: StoryId,
  command: StoryChange,
): Promise<void> {
  await change(db, person, storyId, async (tx, story) => {
    const mayChange = may('title' in command ? 'retitle' : 'govern', story.standing);
    if (!mayChange) throw notYours();
    const before = 'title' in command ? story.title : story.standing.openness;
    if (before === ('title' in command ? command.title : command.openness)) return null;
    await tx.update(stories).set(command).where(eq(stories.id, storyId));
    return 'title' in command
      ? { kind: 'retitled', formerTitle: story.title }
      : { kind: 'members' };
  });
}

/**
 * Makes somebody a keeper, teller, commenter or listener, or with a null role takes back what they
 * were made. The owner may, to anybody but themselves.
 * @throws {Problem} `not_found` if there is no such story or person or the asker may not,
 *   `conflict` for the owner's own role, `unavailable`
 */
export async function giveRole(
  db: Database,
  person: Person,
  storyId: StoryId,
  command: { readonly userId: UserId; readonly role: MemberRole | null },
): Promise<void> {
  const { userId, role } = command;
  await change(db, person, storyId, async (tx, story) => {
    if (!may('govern', story.standing)) throw notYours();
    if (userId === person.id) {
      throw new Problem('conflict', 'You planted this story, so you stay its owner.');
    }
    const changed =
      role === null
        ? await tx
            .delete(storyMembers)
            .where(and(eq(storyMembers.storyId, storyId), eq(storyMembers.userId, userId)))
            .returning()
        : await insertRole(tx, { storyId, userId, role });
    return changed.length === 0 ? null : { kind: 'members' };
  });
}

async function insertRole(
  tx: Transaction,
  member: { storyId: StoryId; userId: UserId; role: MemberRole },
) {
  const [user] = await tx.select({ id: users.id }).from(users).where(eq(users.id, member.userId));
  if (user === undefined) throw notYours();
  return tx
    .insert(storyMembers)
    .values(member)
    .onConflictDoUpdate({
      target: [storyMembers.storyId, storyMembers.userId],
      set: { role: member.role },
      setWhere: ne(storyMembers.role, member.role),
    })
    .returning();
}

function change(
  db: Database,
  person: Person,
  storyId: StoryId,
  write: (tx: Transaction, story: StoryStanding) => Promise<Outcome>,
): Promise<void> {
  return whileReachable(() =>
    db.transaction(async (tx) => {
      const story = await lockStory(tx, storyId, person);
      if (story === null) throw notYours();
      const outcome = await write(tx, story);
      if (outcome === null) return;
      const about = { storyId, takeId: await seedOf(tx, storyId), actorId: person.id };
      await recordEvent(tx, { ...about, ...outcome });
    }),
  );
}
