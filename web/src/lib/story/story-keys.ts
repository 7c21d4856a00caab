// What the single keys of a story's page do.
import { copyLinkOf } from './copy-link.ts';
import type { PageKeys } from './page-keys.ts';
import type { StoryPage } from './story-page.svelte.ts';

export function keysOf(story: StoryPage, compose: (what: 'record') => void): PageKeys {
  const { acts, listening } = story;
  return {
    toggle: () => listening.toggle(),
    record: () => compose('record'),
    like: () => {
      if (story.chosen !== null && !acts.isTombstone(story.chosen))
        void acts.toggleLike(story.chosen);
    },
    seek: (samples) => listening.jump(samples),
    slower: () => listening.slower(),
    faster: () => listening.faster(),
    copyLink: () => void copyLinkOf(story),
  };
}
