// Planting: a new story with its first take.
import { randomUUID } from 'node:crypto';
import type { Person } from '#domain/access/policy.ts';
import { plantSchema, type Published } from '#domain/protocol/commands.ts';
import { storyId } from '#domain/story/ids.ts';
import { stories } from '#drizzle/schema.ts';
import type { Transaction } from '../postgres/database.ts';
import { parseCommand, publish, type PublishDeps } from './publish.ts';
import { slugOf, suffixed } from './slug.ts';

/**
 * Plants a story. The same command sent again answers as the first did.
 * @param input a {@link plantSchema} body, not yet parsed
 * @throws {Problem} `unauthenticated`, `bad_request`, `conflict`, `published_otherwise`, `not_found`,
 *   `upload_incomplete`, `too_large`, `unavailable`
 */
export async function plantStory(
  deps: PublishDeps,
  person: Person | null,
  input: unknown,
): Promise<Published> {
  const command = parseCommand(plantSchema, input);
  return publish(deps, person, {
    command,
    target: { storyId: null, parentId: null },
    place: async (tx) => {
      const story = await addStory(tx, person, command.title);
      return { ...story, parentId: null, ancestry: { parent: null, grandparent: null } };
    },
  });
}

async function addStory(tx: Transaction, owner: Person | null, title: string) {
  if (owner === null) throw new Error('addStory: publish lets nobody in without a session');
  const plain = slugOf(title);
  // The first free address, without a failed statement, which would end the transaction.
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const [story] = await tx
      .insert(stories)
      .values({
        id: storyId(randomUUID()),
        slug: attempt === 0 ? plain : suffixed(plain),
        title,
        ownerId: owner.id,
      })
      .onConflictDoNothing({ target: stories.slug })
      .returning({ storyId: stories.id, slug: stories.slug });
    if (story !== undefined) return story;
  }
  throw new Error(`addStory: no free address for ${plain}`);
}
