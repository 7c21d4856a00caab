// The work that the states with a microphone stand for: it is opened, recorded with, held and ended.
import { Attempt } from './attempt.svelte.ts';
import type { Captured, CapturePlan } from './capture-session.ts';
import { FrameLoop } from './frame-loop.ts';
import { Input } from './input.svelte.ts';
import type { Interruption } from './interruptions.ts';
import { isComplete, loadStems, type LeadPlan, type Stems } from './lead.ts';
import type { Microphone } from './microphone.ts';
import { NoMicrophone } from './no-microphone.ts';
import type { RecorderState } from './recorder-machine.ts';
import { isCapturing } from './recorder-phases.ts';
import type { RecorderProps } from './recorder-props.ts';
import * as say from './recorder-words.ts';
import type { RunningMachine } from './running-machine.svelte.ts';
import { audioOfCaptured } from './take-audio.ts';
import { originOf, type Capturing } from './take-facts.ts';
import type { TakeKeeper, TakeWriter } from './take-keeper.ts';
import type { TakeShelf } from './take-shelf.svelte.ts';
import type { UnkeptTakes } from './unkept-takes.svelte.ts';
import { WakeLock } from './wake-lock.ts';

export interface RecordingSettings {
  readonly props: RecorderProps;
  readonly plan: LeadPlan;
  readonly machine: RunningMachine;
  readonly keeper: TakeKeeper;
  /** Where a take is put once it is captured. */
  readonly shelf: TakeShelf;
  readonly unkept: UnkeptTakes;
  /** Told in words what is not as it should be, and changes no state. */
  readonly onobjection: (why: string) => void;
}

export class RecordingWork {
  readonly input: Input;
  readonly attempt = new Attempt();
  readonly #settings: RecordingSettings;
  readonly #wakeLock = new WakeLock();
  readonly #screen = new FrameLoop();
  #stems: Stems | null = null;

  constructor(settings: RecordingSettings) {
    this.#settings = settings;
    const notice = say.MICROPHONE_LEFT;
    this.input = new Input({
      onlost: () => settings.machine.fact({ type: 'microphone-lost', notice }),
      oninterrupted: (why) => this.#interrupted(why),
    });
  }

  /** Opens a microphone, and reports how that went. */
  async open(intent: number, deviceId: string | null): Promise<void> {
    const { machine } = this.#settings;
    try {
      const { signal } = machine;
      if (!(await this.input.open(deviceId, () => !signal.aborted))) return;
      machine.report(intent, { type: 'granted' });
      this.#screen.start(() => this.#show());
    } catch (error) {
      const why = error instanceof NoMicrophone ? error.why : null;
      // Where another one is open, that one is gone on with.
      if (why === 'denied' || (why !== null && this.input.microphone === null))
        machine.report(intent, { type: why });
      else machine.report(intent, { type: 'not-started', notice: say.describeOpenFailure(error) });
    }
  }

  /** Plays what leads to the punch point and records from there. */
  async record(intent: number, microphone: Microphone): Promise<void> {
    const { machine, keeper, plan: lead } = this.#settings;
    const objection = await keeper.objection();
    if (objection !== null)
      return machine.report(intent, { type: 'not-started', notice: objection });
    let stems: Stems;
    try {
      await microphone.context.resume();
      stems = this.#stems ?? (await loadStems(microphone.context, lead, machine.signal));
    } catch {
      return machine.report(intent, { type: 'not-started', notice: say.NOT_STARTED });
    }
    const { route } = this.input;
    if (intent !== machine.state.intent || route === null) return;
    this.#start(intent, microphone, { lead, stems, ...route.toCapture });
    if (isComplete(lead, stems)) this.#stems = stems;
    else this.#settings.onobjection(say.LEAD_MISSING);
  }

  /** Goes on with a take that was interrupted, if capture does. */
  async goOn(): Promise<void> {
    const { machine } = this.#settings;
    const { intent } = machine.state;
    const isBack = await this.input.resume();
    if (isBack && machine.state.phase === 'interrupted') this.attempt.noteBreak();
    if (isBack) machine.report(intent, { type: 'resumed' });
    else machine.report(intent, { type: 'interrupted', notice: say.NOT_BACK });
  }

  /** Does what leaving one state for another means. */
  follow(before: RecorderState, next: RecorderState): void {
    const captures = isCapturing(next.phase);
    if (next.phase === 'interrupted') void this.input.hold();
    if (isCapturing(before.phase) && !captures) this.#end(before, next);
    this.#wakeLock.set(captures || next.phase === 'stopping');
  }

  /** Ends what runs; what was captured of it stays on the device. */
  async end(): Promise<void> {
    this.attempt.cancel();
    this.#wakeLock.set(false);
    this.#screen.stop();
    await this.attempt.finish();
  }

  #start(intent: number, microphone: Microphone, plan: CapturePlan): void {
    const { machine, keeper, props, plan: lead } = this.#settings;
    const id = machine.state.running;
    if (id === null) return;
    const keep = (capturing: Capturing): TakeWriter =>
      keeper.begin(originOf(id, props, lead, capturing));
    this.attempt.start(
      microphone,
      { ...plan, keep },
      {
        onpunched: () => machine.report(intent, { type: 'punched' }),
        onoutlasts: () => machine.report(intent, { type: 'outlasts' }),
        onlongest: () => machine.report(intent, { type: 'ends', notice: say.LONGEST }),
        oncaptured: (captured, flaws) => void this.#captured(intent, captured, flaws),
      },
    );
    props.onrecording?.(props.over?.take.id ?? null);
  }

  /** Ends capture; what was held for an interruption must run again for its last samples to come. */
  #end(before: RecorderState, next: RecorderState): void {
    this.#settings.props.onrecording?.(null);
    if (next.phase !== 'stopping') return this.attempt.cancel();
    this.attempt.stop();
    if (before.phase === 'interrupted') void this.input.resume();
  }

  async #captured(intent: number, captured: Captured, breaks: readonly string[]): Promise<void> {
    const { machine, keeper, shelf, unkept, onobjection } = this.#settings;
    const { running } = machine.state;
    const { frames } = captured.cut;
    if (running === null) return;
    if (frames === 0)
      return machine.report(intent, { type: 'nothing-captured', notice: say.NOTHING });
    const flaws = [...breaks, say.describeFlaws(captured.timing)].filter((flaw) => flaw !== null);
    const audio = await audioOfCaptured(captured);
    if (audio !== null) shelf.add(running, audio, { flaws });
    // A device that keeps nothing, or hangs, is no reason to let a take go.
    const noted = keeper.captured(running, frames, captured.timing);
    await unkept.note(running, noted, this.attempt.trouble);
    machine.report(intent, { type: 'captured' });
    if (audio === null) onobjection(say.NOT_READ);
  }

  #interrupted(why: Interruption): void {
    const { machine } = this.#settings;
    const { intent, phase } = machine.state;
    if (!isCapturing(phase) || phase === 'interrupted') return;
    const samples = phase === 'pre-roll' ? null : this.attempt.capturedSamples;
    const notice = say.describeInterruption(why, samples);
    machine.report(intent, { type: 'interrupted', notice });
  }

  /** Shows the level and the running take; false once no microphone is open. */
  #show(): boolean {
    this.input.read();
    this.attempt.refresh(this.#settings.machine.state.phase === 'pre-roll');
    return this.input.microphone !== null;
  }
}
