// A link to what is heard now, on the clipboard.
import type { StoryPage } from './story-page.svelte.ts';

/** Copies it, and says so. @returns true if that went well */
export async function copyLinkOf(
  story: Pick<StoryPage, 'hrefOfNow' | 'announcement'>,
): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(new URL(story.hrefOfNow, location.href).href);
    story.announcement = 'A link to this second is copied.';
    return true;
  } catch {
    story.announcement = 'The link could not be copied: this browser does not allow it.';
    return false;
  }
}
