// GET /api/takes/<id>/playlist: where the sound of a path lies, with links that expire.
import { renderedPath, type Hears } from '#backend/media/rendered-path.ts';
import { renewMixes } from '#backend/media/renew-mixes.ts';
import { unmixedPath } from '#backend/media/unmixed-path.ts';
import type { StoredSource } from '#backend/media/mixes.ts';
import type { ObjectStore } from '#backend/storage/objects.ts';
import { standingAt } from '#backend/story/standing.ts';
import { mayHear, type Person } from '#domain/access/policy.ts';
import {
  PLAYLIST_LINK_SECONDS,
  type Playlist,
  type PlaylistStretch,
  type RoughTake,
} from '#domain/protocol/playlist.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { stretchesOf, type Codec, type RenderedTake } from '#domain/timeline/path-packs.ts';
import type { PathStreamDeps } from './path-stream.ts';

export interface PlaylistDeps extends PathStreamDeps {
  /** Whether objects are served by this process: then by whatever name the page came. */
  readonly isOwnStore: boolean;
}

/**
 * The playlist of the path to a take, as far as the viewer may hear it.
 * @throws {Problem} `not_found` for an unknown take, `conflict` while nothing of it can be heard
 */
export async function pathPlaylist(
  { db, objects, queue, log, isOwnStore }: PlaylistDeps,
  takeId: TakeId,
  { codec, viewer }: { codec: Codec; viewer: Person | null },
): Promise<Playlist> {
  const at = await standingAt(db, takeId, viewer);
  if (at === null) throw new Problem('not_found', 'This take does not exist.');
  const hears: Hears = (take) => mayHear(viewer, at.standing, take);
  const path = await renderedPath(db, takeId, codec, hears);
  if (path === null) throw new Problem('not_found', 'This take does not exist.');
  const { rendered, complete, outdated } = path;
  void renewMixes({ db, queue, log }, outdated);
  const { sources, unmixed } = complete
    ? { sources: [], unmixed: 0 }
    : await unmixedPath(db, takeId, { rendered: rendered.length, hears });
  if (rendered.length === 0 && unmixed === 0)
    throw new Problem('conflict', 'This path is still being mixed. Try again in a moment.');
  const link = linkTo(objects, isOwnStore);
  return {
    codec,
    complete,
    initBytes: rendered[0]?.pack.initBytes ?? 0,
    stretches: await Promise.all(linked(link, rendered)),
    rough: { takes: await Promise.all(sources.map((one) => roughTake(link, one))), unmixed },
  };
}

function linked(link: Link, path: readonly RenderedTake[]): Promise<PlaylistStretch>[] {
  const takes = new Map(path.map((take) => [take.takeId, take]));
  return stretchesOf(path).map(async ({ takeId, objectKey, offset, segments }) => ({
    takeId,
    sha256: takes.get(takeId)?.pack.sha256 ?? objectKey,
    url: await link(objectKey),
    firstSegment: takes.get(takeId)?.firstSegment ?? 0,
    offset,
    segments: segments.map(({ bytes, durationSamples }) => ({ bytes, durationSamples })),
  }));
}

async function roughTake(link: Link, source: StoredSource): Promise<RoughTake> {
  const { id, startSamples, durationSamples, stem, objectKey } = source;
  if (stem === null || objectKey === null) {
    return { id, startSamples, durationSamples, stem: null };
  }
  return {
    id,
    startSamples,
    durationSamples,
    stem: { ...stem, url: await link(objectKey) },
  };
}

type Link = (objectKey: string) => Promise<string>;

function linkTo(objects: ObjectStore, isOwnStore: boolean): Link {
  return async (objectKey) => {
    const url = await objects.signedGet(objectKey, { expiresInSeconds: PLAYLIST_LINK_SECONDS });
    if (!isOwnStore) return url;
    const { pathname, search } = new URL(url);
    return pathname + search;
  };
}
