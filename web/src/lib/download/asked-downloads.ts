// Which paths somebody asked for on this device in the last day, so that a page shows how far they
// are when it is opened again.
import * as v from 'valibot';
import { DOWNLOAD_HOURS } from '#domain/protocol/downloads.ts';
import { takeIdSchema, type TakeId } from '#domain/story/ids.ts';

const KEY = 'tap-story-downloads';
const MOST = 50;

const askedSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.array(v.object({ takeId: takeIdSchema, atMs: v.number() })),
);
type Asked = v.InferOutput<typeof askedSchema>;

type Shelf = Pick<Storage, 'getItem' | 'setItem'>;

/** Notes that the path to a take was asked for. A device that keeps nothing is no worse off. */
export function noteAsked(takeId: TakeId, nowMs: number, shelf: Shelf = localStorage): void {
  const others = read(shelf, nowMs).filter((asked) => asked.takeId !== takeId);
  try {
    shelf.setItem(KEY, JSON.stringify([{ takeId, atMs: nowMs }, ...others].slice(0, MOST)));
  } catch {
    // Full, or forbidden: whoever comes back opens the menu themselves.
  }
}

/** Whether the path to a take was asked for here, and may still be there. */
export function wasAsked(takeId: TakeId, nowMs: number, shelf: Shelf = localStorage): boolean {
  return read(shelf, nowMs).some((asked) => asked.takeId === takeId);
}

function read(shelf: Shelf, nowMs: number): Asked {
  try {
    const kept = v.safeParse(askedSchema, shelf.getItem(KEY));
    if (!kept.success) return [];
    return kept.output.filter(({ atMs }) => nowMs - atMs < DOWNLOAD_HOURS * 3_600_000);
  } catch {
    return [];
  }
}
