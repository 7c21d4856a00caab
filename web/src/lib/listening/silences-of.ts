// The silences of a path, from the server.
import * as v from 'valibot';
import { silencesSchema, type PathSilences } from '#domain/protocol/listening.ts';
import type { TakeId } from '#domain/story/ids.ts';

/** Null if they cannot be had now. */
export async function silencesOf(leaf: TakeId): Promise<PathSilences | null> {
  try {
    const response = await fetch(`/api/takes/${leaf}/silences`);
    return response.ok ? v.parse(silencesSchema, await response.json()) : null;
  } catch {
    return null;
  }
}
