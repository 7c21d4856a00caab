// Playlists: asked for once for each state of a path, and again before their links expire.
import { PLAYLIST_LINK_SECONDS, playlistSchema } from '#domain/protocol/playlist.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { callApi, type ApiOptions } from '../../upload/api.ts';
import { feedPathOf, type FeedPath } from './feed-path.ts';

/** A path in one state of the worker's work on it. */
export interface PathKey {
  readonly leaf: TakeId;
  /** Changes when more of the path can be heard, or other voices. */
  readonly state: string;
}

export interface PlaylistStoreOptions {
  readonly codec: Codec;
  /** Whether what is not rendered is mixed by the page. */
  readonly rough: boolean;
  readonly now?: () => number;
  readonly fetch?: ApiOptions['fetch'];
}

/** Links are used for so long; what is fetched with them may take a while. */
const FRESH_MS = (PLAYLIST_LINK_SECONDS - 120) * 1000;
const MOST_KEPT = 12;
const ANSWER_MS = 15_000;

export class PlaylistStore {
  readonly #options: PlaylistStoreOptions;
  readonly #now: () => number;
  readonly #kept = new Map<string, { readonly path: FeedPath; readonly atMs: number }>();
  #rough: boolean;

  constructor(options: PlaylistStoreOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#rough = options.rough;
  }

  /** The path if it is known and its links still work. */
  peek(key: PathKey): FeedPath | null {
    const kept = this.#kept.get(nameOf(key));
    return kept !== undefined && this.#now() - kept.atMs < FRESH_MS ? kept.path : null;
  }

  /** @throws {Unreachable} {@throws} {Refused} see `callApi` */
  async get(key: PathKey, signal: AbortSignal): Promise<FeedPath> {
    const known = this.peek(key);
    if (known !== null) return known;
    const { codec, fetch } = this.#options;
    const atMs = this.#now();
    const playlist = await callApi(
      'GET',
      `/api/takes/${key.leaf}/playlist?codec=${codec}`,
      { answer: playlistSchema },
      {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
        ...(fetch && { fetch }),
      },
    );
    const heard = this.#rough ? playlist : { ...playlist, rough: { takes: [], unmixed: 0 } };
    const path = feedPathOf(heard);
    this.#kept.delete(nameOf(key));
    if (path.segments.length === 0) return path;
    this.#kept.set(nameOf(key), { path, atMs });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST_KEPT) break;
      this.#kept.delete(oldest);
    }
    return path;
  }

  /** From now on paths end before what is not rendered: the page cannot mix it. */
  leaveOutRough(): void {
    this.#rough = false;
    this.#kept.clear();
  }

  /** Its links do not work: ask again. */
  forget(key: PathKey): void {
    this.#kept.delete(nameOf(key));
  }
}

function nameOf({ leaf, state }: PathKey): string {
  return `${leaf} ${state}`;
}
