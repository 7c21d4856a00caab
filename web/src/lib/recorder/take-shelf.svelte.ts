// The takes that a recorder holds, side by side, until one of them is published.
import type { TakeId } from '#domain/story/ids.ts';
import { moveTake, type TakeAudio } from './take-audio.ts';
import { nudged } from '../latency/nudge.ts';
import { trimmed, wholeOf, type Place, type TakeEdit, type Trim } from './take-edit.ts';

/** A take with its audio, whole as it was recorded, and how it is to be cut. */
export interface HeldTake {
  readonly id: TakeId;
  /** "Take 2": the second that this recorder made. */
  readonly number: number;
  /** As it is listened to and sent: moved by the nudge. */
  readonly audio: TakeAudio;
  /** As it was recorded. */
  readonly recorded: TakeAudio;
  /** By how much it was moved against its parent, milliseconds; positive is later. */
  readonly nudgeMs: number;
  /** Null for a file that this browser cannot decode: it is sent as it is. */
  readonly trim: Trim | null;
  /** When it was made, milliseconds since the epoch. */
  readonly atMs: number;
  /** What was not as it should be while it was recorded, in words; empty if nothing. */
  readonly flaws: readonly string[];
}

export class TakeShelf {
  #takes = $state.raw<ReadonlyMap<TakeId, HeldTake>>(new Map());
  #made = 0;

  get(id: TakeId | null): HeldTake | null {
    return id === null ? null : (this.#takes.get(id) ?? null);
  }

  add(
    id: TakeId,
    audio: TakeAudio,
    { atMs = Date.now(), flaws = [] }: { atMs?: number; flaws?: readonly string[] } = {},
  ): void {
    const { durationSamples } = audio;
    const trim = durationSamples === null ? null : wholeOf(durationSamples);
    this.#put({
      id,
      number: ++this.#made,
      audio,
      recorded: audio,
      nudgeMs: 0,
      trim,
      atMs,
      flaws,
    });
  }

  trim(id: TakeId, trim: Trim): void {
    const take = this.get(id);
    if (take !== null) this.#put({ ...take, trim });
  }

  /** Moves a take against its parent; the recording stays as it is. */
  async nudge(id: TakeId, nudgeMs: number): Promise<void> {
    const before = this.get(id);
    if (before === null) return;
    this.#put({ ...before, nudgeMs });
    const audio = nudgeMs === 0 ? before.recorded : await moveTake(before.recorded, nudgeMs);
    // A later nudge may have come in between.
    const now = this.get(id);
    if (now?.nudgeMs === nudgeMs) this.#put({ ...now, audio });
  }

  /** Changes a take as it was changed on an earlier visit, as far as its place lets it. */
  async redo(id: TakeId, { trim, nudgeMs }: TakeEdit, place: Place): Promise<void> {
    const whole = this.get(id)?.audio.durationSamples ?? null;
    if (trim !== null && whole !== null) this.trim(id, trimmed(trim, whole, place));
    await this.nudge(id, nudged(0, nudgeMs).ms);
  }

  remove(ids: readonly TakeId[]): void {
    const takes = new Map(this.#takes);
    for (const id of ids) takes.delete(id);
    this.#takes = takes;
  }

  #put(take: HeldTake): void {
    this.#takes = new Map(this.#takes).set(take.id, take);
  }
}
