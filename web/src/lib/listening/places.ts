// Where somebody was in a story: on this device, and in their account if they have one.
import * as v from 'valibot';
import { positionSchema, type ListeningPosition } from '#domain/protocol/listening.ts';
import { storyIdSchema, type StoryId } from '#domain/story/ids.ts';

export interface Places {
  /** The newest place that is known; null if there is none. */
  read(): Promise<ListeningPosition | null>;
  /** Keeps a place; never rejects: at worst the next one is kept. */
  keep(place: ListeningPosition): void;
}

const PREFIX = 'tap-place:';
const keyOf = (storyId: StoryId): string => PREFIX + storyId;

/** Places of one story. Without an account (`hasAccount`) they stay on this device. */
export function placesOf(storyId: StoryId, hasAccount: () => boolean): Places {
  const address = `/api/stories/${storyId}/position`;
  return {
    async read() {
      const here = readHere(storyId);
      const there = hasAccount() ? await readThere(address) : null;
      if (here === null || there === null) return here ?? there;
      return here.heardAtMs >= there.heardAtMs ? here : there;
    },
    keep(place) {
      writeHere(storyId, place);
      if (!hasAccount()) return;
      // It outlives the page, which may be closing.
      fetch(address, {
        method: 'PUT',
        keepalive: true,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(place),
      }).catch(() => undefined);
    },
  };
}

/** A place in one of the stories that were heard on this device. */
export interface PlaceHere extends ListeningPosition {
  readonly storyId: StoryId;
}

/** Every place that this device keeps, newest first. */
export function placesHere(): PlaceHere[] {
  return storedKeys()
    .flatMap((key) => {
      const storyId = v.safeParse(storyIdSchema, key.slice(PREFIX.length));
      if (!key.startsWith(PREFIX) || !storyId.success) return [];
      const place = readHere(storyId.output);
      return place === null ? [] : [{ ...place, storyId: storyId.output }];
    })
    .toSorted((a, b) => b.heardAtMs - a.heardAtMs);
}

function storedKeys(): string[] {
  try {
    return Object.keys(localStorage);
  } catch {
    // A browser may keep nothing at all.
    return [];
  }
}

function readHere(storyId: StoryId): ListeningPosition | null {
  try {
    const kept = v.safeParse(
      positionSchema,
      JSON.parse(localStorage.getItem(keyOf(storyId)) ?? ''),
    );
    return kept.success ? kept.output : null;
  } catch {
    return null;
  }
}

function writeHere(storyId: StoryId, place: ListeningPosition): void {
  try {
    localStorage.setItem(keyOf(storyId), JSON.stringify(place));
  } catch {
    // A private window keeps nothing.
  }
}

async function readThere(address: string): Promise<ListeningPosition | null> {
  try {
    const response = await fetch(address);
    return response.ok ? v.parse(v.nullable(positionSchema), await response.json()) : null;
  } catch {
    return null;
  }
}
