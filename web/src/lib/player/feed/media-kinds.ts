// Which of the browser's ways to be fed there is, and in which codec.
import { codecMime, type Codec } from '#domain/timeline/path-packs.ts';

/** What an iPhone has in MediaSource's place: it says when it wants more. */
interface ManagedSource extends MediaSource {
  readonly streaming: boolean;
}

interface FeedScope {
  readonly MediaSource?: typeof MediaSource;
  readonly ManagedMediaSource?: typeof MediaSource;
}

/** The constructor of a media source, or null where there is none. */
export function mediaSourceKind(scope: FeedScope = globalThis): typeof MediaSource | null {
  return scope.MediaSource ?? scope.ManagedMediaSource ?? null;
}

/** AAC, or Opus where the browser lacks it; null if it can be fed neither. */
export function feedCodec(scope: FeedScope = globalThis): Codec | null {
  const kind = mediaSourceKind(scope);
  if (kind === null) return null;
  const codecs: readonly Codec[] = ['aac', 'opus'];
  return codecs.find((codec) => kind.isTypeSupported(codecMime[codec])) ?? null;
}

/** Whether a source wants no more for now; only a managed one ever says so. */
export function isSated(source: MediaSource): boolean {
  return isManaged(source) && !source.streaming;
}

function isManaged(source: MediaSource): source is ManagedSource {
  return 'streaming' in source;
}
