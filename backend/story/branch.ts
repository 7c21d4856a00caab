// Branching: a take over another one's tail.
import { and, eq } from 'drizzle-orm';
import { may, type Person } from '#domain/access/policy.ts';
import { branchSchema, type Published } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import type { Ancestry, Span } from '#domain/timeline/duet.ts';
import { takes } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';
import { parseCommand, publish, type Place, type PublishDeps } from './publish.ts';
import { lockStory, notYours } from './standing.ts';

/**
 * Adds a take to a story. Where it starts follows from the takes that are stored, never from the
 * command. The same command sent again answers as the first did; any number of people may answer
 * one tail.
 * @param input a {@link branchSchema} body, not yet parsed
 * @throws {Problem} `unauthenticated`, `bad_request`, `conflict`, `published_otherwise`, `not_found`,
 *   `parent_not_ready`, `parent_unusable`, `upload_unknown`, `does_not_outlast_parent`, `path_too_long`, `upload_incomplete`,
 *   `too_large`, `unavailable`
 */
export async function branchStory(
  deps: PublishDeps,
  person: Person | null,
  storyId: StoryId,
  input: unknown,
): Promise<Published> {
  const command = parseCommand(branchSchema, input);
  const { parentId } = command;
  return publish(deps, person, {
    command,
    target: { storyId, parentId },
    place: (tx) => placeAfter(tx, person, { storyId, parentId }),
  });
}

/** Locks the story, so that what is read of its takes stays true until the new one is written. */
async function placeAfter(
  tx: Transaction,
  person: Person | null,
  { storyId, parentId }: { storyId: StoryId; parentId: TakeId },
): Promise<Place> {
  const story = await lockStory(tx, storyId, person);
  if (story === null || !may('branch', story.standing)) throw notYours();
  const ancestry = await ancestryOf(tx, storyId, parentId);
  return { storyId, slug: story.slug, parentId, ancestry };
}

async function ancestryOf(tx: Transaction, storyId: StoryId, parentId: TakeId): Promise<Ancestry> {
  const parent = await takeIn(tx, storyId, parentId);
  if (parent === undefined) {
    throw new Problem('not_found', 'The take you answer is not in this story.');
  }
  const grandparent =
    parent.parentId === null ? undefined : await takeIn(tx, storyId, parent.parentId);
  return {
    parent: settled(shown(parent)),
    // It may have been hidden: what was answered before stays, and can be answered on.
    grandparent: grandparent === undefined ? null : settled(grandparent),
  };
}

async function takeIn(tx: Transaction, storyId: StoryId, id: TakeId) {
  const [take] = await tx
    .select()
    .from(takes)
    .where(and(eq(takes.id, id), eq(takes.storyId, storyId)));
  return take;
}

type TakeRow = typeof takes.$inferSelect;

function shown(take: TakeRow): TakeRow {
  if (take.hiddenAt === null) return take;
  throw new Problem(
    'parent_unusable',
    'The take you answer was hidden. Your take is safe; answer another one with it.',
  );
}

function settled({ startSamples, durationSamples, status }: TakeRow): Span {
  if (status === 'ready' && durationSamples !== null) return { startSamples, durationSamples };
  if (status === 'failed') {
    throw new Problem(
      'parent_unusable',
      'The take you answer could not be used. Your take is safe; answer another one with it.',
    );
  }
  throw new Problem(
    'parent_not_ready',
    'The take you answer is still being prepared. Your take is safe; publish it in a moment.',
  );
}
