// Switching to another branch while the story plays: what is offered, and what a switch says.
import { formatClock } from '#domain/timeline/samples.ts';
import { isHidden, type PlacedTake } from '#domain/story/take.ts';
import { hitPath } from '#domain/story/tree.ts';
import { ghostsAt, type Ghosts } from '../player/ghosts.ts';
import type { StoryPage } from './story-page.svelte.ts';

export type Way = 'above' | 'below';

export class BranchSwitch {
  readonly #story: StoryPage;
  readonly ghosts: Ghosts | null = $derived.by(() => {
    const { live, path, player } = this.#story;
    const isHeard = (take: PlacedTake): boolean =>
      take.state.status === 'ready' && !isHidden(take) && !this.#story.acts.isTombstone(take);
    return ghostsAt(live.tree, path, { takeId: player.takeId, isHeard });
  });

  constructor(story: StoryPage) {
    this.#story = story;
  }

  /** Has what both ways need at hand. Call it in an effect. */
  prepare(): void {
    const { live, player } = this.#story;
    const near = [this.ghosts?.below, this.ghosts?.above].filter((take) => take != null);
    const paths = near.map((take) => this.#story.playableOf(hitPath(live.tree, take.id)));
    player.offer(paths.filter(({ takes }) => takes.length > 0));
  }

  /** Goes over to the branch above or below; true if there is one. */
  turn(way: Way): boolean {
    const { ghosts } = this;
    const to = ghosts?.[way] ?? null;
    if (ghosts === null || to === null) return false;
    const story = this.#story;
    const { positionSamples } = story.player;
    story.choose(to.id);
    story.player.choose(story.playable);
    const position = ghosts.position + (way === 'above' ? -1 : 1);
    const from =
      positionSamples < to.startSamples
        ? `It parts at ${formatClock(to.startSamples)}.`
        : `It goes on at ${formatClock(story.player.positionSamples)}.`;
    const { name } = story.voiceOf(to.authorId);
    story.announcement = `${name}’s branch, ${position} of ${ghosts.count}. ${from}`;
    return true;
  }
}
