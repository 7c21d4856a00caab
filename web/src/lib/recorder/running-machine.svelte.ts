// The machine while it runs: its state now, and the signal of the work that the state stands for.
import {
  command,
  fact,
  initialState,
  report,
  type Command,
  type Fact,
  type RecorderState,
  type Report,
} from './recorder-machine.ts';

/** A report before it has its number. */
export type Outcome = Report extends infer R
  ? R extends Report
    ? Omit<R, 'intent'>
    : never
  : never;

export class RunningMachine {
  state = $state.raw<RecorderState>(initialState);
  readonly #onchange: (before: RecorderState, next: RecorderState) => void;
  #work = new AbortController();

  /** @param onchange told each change once it is the state: to do what entering it means */
  constructor(onchange: (before: RecorderState, next: RecorderState) => void) {
    this.#onchange = onchange;
  }

  /** Aborts as soon as another command leads elsewhere. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Gives a command; returns its intent number, or null if it means nothing now. */
  command(given: Command): number | null {
    const before = this.state;
    this.#become(command(before, given));
    return this.state === before ? null : this.state.intent;
  }

  report(intent: number, outcome: Outcome): void {
    this.#become(report(this.state, { ...outcome, intent }));
  }

  fact(event: Fact): void {
    this.#become(fact(this.state, event));
  }

  /** Ends the work of the state; nothing is said of what it holds. */
  end(): void {
    this.#work.abort();
  }

  #become(next: RecorderState): void {
    const before = this.state;
    if (next === before) return;
    this.state = next;
    if (next.intent !== before.intent) {
      this.#work.abort();
      this.#work = new AbortController();
    }
    this.#onchange(before, next);
  }
}
