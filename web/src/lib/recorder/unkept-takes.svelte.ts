// Which takes of a recorder the device does not keep, so that they would go with the page.
import type { TakeId } from '#domain/story/ids.ts';
import type { RecorderState } from './recorder-machine.ts';
import type { TakeWriter } from './take-keeper.ts';
import { within } from './within.ts';

type Trouble = TakeWriter['trouble'];

/** How long a device may take to note that a take ended, milliseconds: some hang for good. */
const NOTE_MS = 3_000;

export class UnkeptTakes {
  #why = $state.raw<ReadonlyMap<TakeId, NonNullable<Trouble>>>(new Map());

  /**
   * Waits for what the device says of a take that is here now, but not for ever: until it answers,
   * the take is not called kept. Never throws.
   */
  async note(id: TakeId, kept: Promise<boolean>, trouble: Trouble = null): Promise<void> {
    const answered = kept
      .catch(() => false)
      .then((isKept) => this.#set(id, trouble ?? (isKept ? null : 'failed')))
      .then(() => true);
    if (!(await within(answered, NOTE_MS, false))) this.#set(id, trouble ?? 'failed');
  }

  /** Whether the device keeps a take that was noted. */
  isKept(id: TakeId): boolean {
    return !this.#why.has(id);
  }

  /** Why the take that runs, or else the one in review, is not kept; null if it is. */
  troubleOf({ running, chosen }: Pick<RecorderState, 'running' | 'chosen'>, now: Trouble): Trouble {
    if (running !== null) return now;
    return chosen === null ? null : (this.#why.get(chosen) ?? null);
  }

  /** Whether the device keeps all that is held, and what runs. */
  keepsAll({ running, held }: Pick<RecorderState, 'running' | 'held'>, now: Trouble): boolean {
    return (running === null || now === null) && !held.some((id) => this.#why.has(id));
  }

  #set(id: TakeId, trouble: Trouble): void {
    const why = new Map(this.#why);
    if (trouble === null) why.delete(id);
    else why.set(id, trouble);
    this.#why = why;
  }
}
