// What a push message carries: the shape of Declarative Web Push, which browsers that know it show
// by themselves and our service worker reads everywhere else.
import * as v from 'valibot';
import type { TakeId } from '../story/ids.ts';

export const alertSchema = v.object({
  /** The magic number of Declarative Web Push. */
  web_push: v.literal(8030),
  notification: v.object({
    title: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
    body: v.pipe(v.string(), v.maxLength(300)),
    /** Where a tap leads: an absolute address on our origin. */
    navigate: v.pipe(v.string(), v.url()),
    /** Alerts of one tag replace each other on the screen: the tag is the story's id. */
    tag: v.string(),
    data: v.object({ notificationId: v.pipe(v.string(), v.uuid()) }),
  }),
});
export type Alert = v.InferOutput<typeof alertSchema>;

/** Where a take is heard, from the site's root. */
export function takePath(slug: string, takeId: TakeId): string {
  return `/s/${encodeURIComponent(slug)}?take=${takeId}`;
}
