// Which engine plays in this browser. Neither is part of the page before it is asked for.
import type { OpenEngine } from './engine.ts';

/** Loads the engine that this browser can run. Neither is part of the page before it is called. */
export const openEngine: OpenEngine = async (media, reports) => {
  const { feedCodec } = await import('./feed/media-kinds.ts');
  const codec = feedCodec();
  if (codec === null) {
    const { ProgressiveEngine } = await import('./progressive-engine.ts');
    return new ProgressiveEngine(media, reports);
  }
  const { FeedEngine } = await import('./feed/feed-engine.ts');
  return new FeedEngine(media, reports, { codec });
};
