import type { Published } from '#domain/protocol/commands.ts';
import { publishDraft } from './publish.ts';
import type { WrittenTake } from './written-takes.ts';

/**
 * Publishes a written take that waited; safe to repeat.
 * @throws {Refused} @throws {Unreachable}
 */
export function sendWords(take: WrittenTake): Promise<Published> {
  const { takeId, userId, name, renames, storyId, parentId, words } = take;
  const place = { kind: 'branch', storyId, parentId } as const;
  const content = { kind: 'text', words } as const;
  // Whoever has a session may have taken another name since this was written.
  const own = renames ? { name } : {};
  return publishDraft({ takeId, as: userId ?? undefined, ...own, place, content });
}
