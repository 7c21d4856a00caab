// The take in review: what is heard of it, how it is cut and moved, and what is typed beside it.
import type { Heard } from './review-player.svelte.ts';
import type { RecorderProps } from './recorder-props.ts';
import type { RecorderState } from './recorder-machine.ts';
import { lacking, lengthOf, trimmed, type Place, type Trim } from './take-edit.ts';
import { chosenName } from './take-facts.ts';
import type { TakeKeeper, Typed } from './take-keeper.ts';
import type { HeldTake, TakeShelf } from './take-shelf.svelte.ts';

export interface ChosenTakeSettings {
  readonly props: Pick<RecorderProps, 'over' | 'person'>;
  readonly place: Place;
  readonly shelf: TakeShelf;
  readonly keeper: Pick<TakeKeeper, 'note'>;
  /** What the recorder's state is now. */
  readonly state: () => RecorderState;
}

export class ChosenTake implements Typed {
  name = $state('');
  title = $state('');
  words = $state('');
  readonly #settings: ChosenTakeSettings;

  constructor(settings: ChosenTakeSettings) {
    this.#settings = settings;
    this.name = settings.props.person?.name ?? '';
  }

  get take(): HeldTake | null {
    return this.#settings.shelf.get(this.#settings.state().chosen);
  }

  /** What there is to listen to; null for a file that this browser cannot play. */
  get heard(): Heard | null {
    const { audio, trim } = this.take ?? {};
    return audio?.buffer == null || trim == null ? null : { buffer: audio.buffer, trim };
  }

  /** How long it will be, in samples; null if only the server can tell. */
  get lengthSamples(): number | null {
    const trim = this.take?.trim ?? null;
    return trim === null ? null : lengthOf(trim, this.#settings.place);
  }

  /** Samples that it lacks to leave a tail; 0 if it does. */
  get lackingSamples(): number {
    const length = this.lengthSamples;
    return length === null ? 0 : lacking(length, this.#settings.place);
  }

  /** Whether all that a publication needs is there. */
  get isComplete(): boolean {
    const { over } = this.#settings.props;
    const texts = over === null ? [this.name, this.title] : [this.name];
    return texts.every((text) => text.trim() !== '') && this.lackingSamples === 0;
  }

  /** Cuts it, as far as it may be cut. The recording stays whole. */
  trim(asked: Trim): void {
    const { take } = this;
    const whole = take?.audio.durationSamples ?? null;
    const { shelf, place } = this.#settings;
    if (take !== null && whole !== null) shelf.trim(take.id, trimmed(asked, whole, place));
  }

  /** Moves it against its parent; the recording stays as it is. */
  async nudge(ms: number): Promise<void> {
    const { take } = this;
    if (take !== null) await this.#settings.shelf.nudge(take.id, ms);
  }

  /** Goes on with what was typed on an earlier visit. */
  type({ name, title, words }: Typed): void {
    if (name !== '') this.name = name;
    this.title = title;
    this.words = words;
  }

  /** Keeps what was made of it beside it. Call it whenever that changes. */
  note(): void {
    const { take, name, title, words } = this;
    if (take === null) return;
    const { keeper, props } = this.#settings;
    const { trim, nudgeMs } = take;
    const typed = { name: chosenName(name, props.person), title, words };
    keeper.note(take.id, typed, { trim, nudgeMs });
  }
}
