// A path of a story as the player takes it.
import type { TakeId, UserId } from '#domain/story/ids.ts';
import { isPlaced, mixesOf, type PlacedTake } from '#domain/story/take.ts';
import { pathTo, type StoryTree } from '#domain/story/tree.ts';
import { endOf } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { PlayablePath } from '../player/playable.ts';

export interface Listener {
  /** True for a take that is hidden from them: its voice is silent. */
  readonly isSilent: (take: PlacedTake) => boolean;
  readonly nameOf: (author: UserId) => string;
}

/** A path up to the last take that is not hidden from who listens. */
export function playablePath(
  path: readonly PlacedTake[],
  title: string,
  { isSilent, nameOf }: Listener,
): PlayablePath {
  const end = path.findLastIndex((take) => !isSilent(take)) + 1;
  return {
    takes: path.slice(0, end).map((take) => ({
      id: take.id,
      startSamples: take.startSamples,
      durationSamples: take.durationSamples,
      ready: take.state.status === 'ready',
      mixes: mixesOf(take),
      silent: isSilent(take),
    })),
    title,
    artist: [...new Set(path.map(({ authorId }) => nameOf(authorId)))].join(', '),
  };
}

/** How much is heard before an answer begins. */
const JOIN_LEAD_SAMPLES = 4 * SAMPLE_RATE;

/** Shortly before the place where a take goes on alone: four seconds before its parent ends. */
export function joinOf(tree: StoryTree, id: TakeId): number {
  const [parent, take] = pathTo(tree, id).slice(-2);
  if (parent === undefined || take === undefined || !isPlaced(parent)) return 0;
  return Math.max(take.startSamples, endOf(parent) - JOIN_LEAD_SAMPLES);
}
