// The recorder: runs the machine, and does the work that entering a state stands for.
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { Attempt } from './attempt.svelte.ts';
import type { Captured, CapturePlan } from './capture-session.ts';
import { FrameLoop } from './frame-loop.ts';
import { Input } from './input.svelte.ts';
import type { Interruption } from './interruptions.ts';
import type { TakeOrigin } from '../kept-takes/take-origin.ts';
import { takeFrom } from './intake.ts';
import { isComplete, loadStems, planLead, type LeadPlan, type Stems } from './lead.ts';
import type { Microphone } from './microphone.ts';
import { NoMicrophone } from './no-microphone.ts';
import { watchPermission } from './permission.ts';
import { Publication } from './publication.svelte.ts';
import { can, everyTake, holdsTake, type RecorderState } from './recorder-machine.ts';
import { isCapturing, type CommandType } from './recorder-phases.ts';
import type { RecorderProps } from './recorder-props.ts';
import * as say from './recorder-words.ts';
import type { Heard } from './review-player.svelte.ts';
import { audioOfCaptured, audioOfKept } from './take-audio.ts';
import { lacking, lengthOf, trimmed, type Place, type Trim } from './take-edit.ts';
import { chosenName, isHere, originOf, type Capturing } from './take-facts.ts';
import { PageTakeKeeper, type TakeKeeper, type TakeWriter } from './take-keeper.ts';
import { RunningMachine } from './running-machine.svelte.ts';
import { TakeShelf, type HeldTake } from './take-shelf.svelte.ts';
import { UndoTimers } from './undo-timers.ts';
import { UnkeptTakes } from './unkept-takes.svelte.ts';
import { WakeLock } from './wake-lock.ts';

/** One recorder on a page. `destroy` it with the component that made it. */
export class Recorder {
  /** Why what was just asked for cannot be. */
  objection = $state<string | null>(null);
  name = $state('');
  title = $state('');
  words = $state('');

  readonly plan: LeadPlan;
  readonly place: Place;
  readonly input: Input;
  readonly attempt = new Attempt();
  readonly shelf = new TakeShelf();
  readonly publication: Publication;
  readonly #props: RecorderProps;
  readonly #keeper: TakeKeeper;
  readonly #machine = new RunningMachine((before, next) => this.#enter(before, next));
  readonly #undo = new UndoTimers((id) => this.#machine.fact({ type: 'undo-expired', takeId: id }));
  readonly #wakeLock = new WakeLock();
  readonly #screen = new FrameLoop();
  readonly #unkept = new UnkeptTakes();
  #wantedDevice: string | null = null;
  #stems: Stems | null = null;

  constructor(props: RecorderProps) {
    this.#props = props;
    this.#keeper = props.keeper ?? new PageTakeKeeper();
    this.plan = planLead(props.over);
    this.place = { punchSamples: this.plan.punchSamples, parent: props.over?.take ?? null };
    this.publication = new Publication(props, this.place, this.#keeper);
    this.input = new Input({
      onlost: () => this.#machine.fact({ type: 'microphone-lost', notice: say.MICROPHONE_LEFT }),
      oninterrupted: (why) => this.#interrupted(why),
    });
    this.name = props.person?.name ?? '';
  }

  get state(): RecorderState {
    return this.#machine.state;
  }

  can(type: CommandType): boolean {
    return can(this.state, type);
  }

  /** The take in review. */
  get take(): HeldTake | null {
    return this.shelf.get(this.state.chosen);
  }

  /** What there is to listen to; null for a file that this browser cannot play. */
  get heard(): Heard | null {
    const { audio, trim } = this.take ?? {};
    return audio?.buffer == null || trim == null ? null : { buffer: audio.buffer, trim };
  }

  /** How long the take in review will be, in samples; null if only the server can tell. */
  get lengthSamples(): number | null {
    const trim = this.take?.trim ?? null;
    return trim === null ? null : lengthOf(trim, this.place);
  }

  /** Samples that the take in review lacks to leave a tail; 0 if it does. */
  get lackingSamples(): number {
    const length = this.lengthSamples;
    return length === null ? 0 : lacking(length, this.place);
  }

  /** Whether all that a publication needs is there. */
  get publishable(): boolean {
    const texts = this.#props.over === null ? [this.name, this.title] : [this.name];
    const isSaid = texts.every((text) => text.trim() !== '');
    return this.can('publish') && isSaid && this.lackingSamples === 0;
  }

  /** Whether a take is here that is not published. */
  get holdsTake(): boolean {
    return holdsTake(this.state);
  }

  /** Why the device does not keep the take that runs or is in review; null if it does. */
  get trouble(): TakeWriter['trouble'] {
    return this.#unkept.troubleOf(this.state, this.attempt.trouble);
  }

  /** Whether all that is here would outlive the page. */
  get keepsAll(): boolean {
    const keeps = this.#props.keeper !== undefined;
    return keeps && this.#unkept.keepsAll(this.state, this.attempt.trouble);
  }

  /** Asks for the microphone. Call it for a tap. */
  open(): void {
    this.#machine.command({ type: 'open' });
  }

  /** Opens another microphone; a running take ends, and is kept. */
  chooseDevice(deviceId: string): void {
    const before = this.#wantedDevice;
    this.#wantedDevice = deviceId;
    if (this.#machine.command({ type: 'change-device' }) === null) this.#wantedDevice = before;
  }

  /** Plays what leads to the punch point and records from there. */
  async record(): Promise<void> {
    const { microphone, route } = this.input;
    if (microphone === null || route === null) return;
    const intent = this.#machine.command({ type: 'record', takeId: takeId(crypto.randomUUID()) });
    if (intent === null) return;
    route.stop();
    const objection = await this.#keeper.objection();
    if (objection !== null)
      return this.#machine.report(intent, { type: 'not-started', notice: objection });
    try {
      await microphone.context.resume();
      this.#stems ??= await loadStems(microphone.context, this.plan, this.#machine.signal);
    } catch {
      return this.#machine.report(intent, { type: 'not-started', notice: say.NOT_STARTED });
    }
    if (intent !== this.state.intent) return;
    this.#start(intent, microphone, { lead: this.plan, stems: this.#stems, ...route.toCapture });
    if (isComplete(this.plan, this.#stems)) return;
    this.objection = say.LEAD_MISSING;
    // There may be a line again when it is tried again.
    this.#stems = null;
  }

  /** Ends the take or says that it waits for a tail; cancels the pre-roll or a publication. */
  stop(): void {
    const { phase, chosen } = this.state;
    if (phase === 'publishing' && chosen !== null) void this.#keeper.withdraw(chosen);
    this.#machine.command({ type: 'stop' });
  }

  /** Goes on with a take that was interrupted, if capture does. */
  async goOn(): Promise<void> {
    if (this.state.phase !== 'interrupted') return;
    const { intent } = this.state;
    const back = await this.input.resume();
    if (back && this.state.phase === 'interrupted') this.attempt.noteBreak();
    if (back) this.#machine.report(intent, { type: 'resumed' });
    else this.#machine.report(intent, { type: 'interrupted', notice: say.NOT_BACK });
  }

  /** The one key of the recorder: opens the microphone, records, stops, records again. */
  toggle(): void {
    if (isCapturing(this.state.phase)) this.stop();
    else if (this.can('again')) this.again();
    else if (this.can('record')) void this.record();
    else this.open();
  }

  /** Lets a take go, or without an id the running or chosen one; for ten seconds it can come back. */
  discard(id?: TakeId): void {
    this.#machine.command({ type: 'discard', ...(id !== undefined && { takeId: id }) });
  }

  restore(id: TakeId): void {
    this.#machine.command({ type: 'restore', takeId: id });
  }

  /** Chooses one of the takes that are held. */
  pick(id: TakeId): void {
    this.#machine.command({ type: 'pick', takeId: id });
  }

  /** Makes ready for another take; those that are held stay. */
  again(): void {
    this.#machine.command({ type: 'again' });
  }

  /** Back to the takes that are held. */
  review(): void {
    this.#machine.command({ type: 'review' });
  }

  /** Cuts the take in review, as far as it may be cut. The recording stays whole. */
  trim(asked: Trim): void {
    const { take } = this;
    const whole = take?.audio.durationSamples ?? null;
    if (take !== null && whole !== null)
      this.shelf.trim(take.id, trimmed(asked, whole, this.place));
  }

  /** Moves the take in review against its parent; the recording stays as it is. */
  async nudge(ms: number): Promise<void> {
    if (this.state.chosen !== null && this.can('publish'))
      await this.shelf.nudge(this.state.chosen, ms);
  }

  /** Takes a file instead of a recording. */
  async chooseFile(file: File): Promise<void> {
    if (!this.can('take-in')) return;
    const audio = await takeFrom(file, this.plan, this.#props.over?.take ?? null);
    this.objection = typeof audio === 'string' ? audio : null;
    if (typeof audio === 'string' || !this.can('take-in')) return;
    const id = takeId(crypto.randomUUID());
    this.shelf.add(id, audio);
    this.#machine.command({ type: 'take-in', takeId: id, recovered: false });
    await this.#unkept.note(id, this.#keeper.keepFile(originOf(id, this.#props, this.plan), file));
  }

  /** Takes up a take of an earlier visit. */
  async recover(id: TakeId): Promise<void> {
    // Over another take it would be published in the wrong place.
    const belongs = (origin: TakeOrigin): boolean => isHere(origin, this.#props);
    const kept = await this.#keeper.recover(id, belongs).catch(() => null);
    this.objection = kept === null ? say.NOT_THERE : null;
    if (kept === null) return;
    const { origin, typed, edit } = kept;
    const audio = await audioOfKept(kept);
    const damage = say.describeDamage(kept.damagedFrames, origin.sampleRate);
    const flaws = [...damage, say.describeFlaws(audio.timing)].filter((flaw) => flaw !== null);
    this.shelf.add(id, audio, { atMs: origin.capturedAtMs, flaws });
    if (edit !== null) await this.shelf.redo(id, edit, this.place);
    Object.assign(this, typed, typed.name === '' && { name: this.name });
    this.#machine.command({ type: 'take-in', takeId: id, recovered: true });
  }

  /** Keeps what was made of the take in review beside it. Call it whenever that changes. */
  note(): void {
    const { take, name, title, words } = this;
    if (take === null || !this.can('pick')) return;
    const { trim, nudgeMs } = take;
    const chosen = chosenName(name, this.#props.person);
    this.#keeper.note(take.id, { name: chosen, title, words }, { trim, nudgeMs });
  }

  /** Sends the take, or sends it again after a failure: it is never published twice. */
  async publish(): Promise<void> {
    const { take } = this;
    if (take === null || !this.publishable) return;
    const intent = this.#machine.command({ type: 'publish' });
    if (intent === null) return;
    try {
      const delivery = await this.publication.send(take, this);
      const isLive = delivery.kind === 'live';
      if (intent === this.state.intent) {
        this.#machine.report(intent, { type: isLive ? 'published' : 'queued' });
        if (isLive) this.#props.onpublished(delivery.published);
        else this.#props.onqueued?.();
        // Stopped too late: whoever is at something else by now is told, and not led away.
      } else if (isLive) this.objection = say.NOT_STOPPED;
    } catch (error) {
      const isKept = this.trouble === null;
      const notice = say.describeFailure(error, this.publication.progress, isKept);
      this.#machine.report(intent, { type: 'not-published', notice });
    }
  }

  /** Ends everything and lets the microphone go. What is kept on the device stays there. */
  async destroy(): Promise<void> {
    this.#machine.end();
    this.#undo.end();
    this.attempt.cancel();
    this.#wakeLock.set(false);
    this.#screen.stop();
    await this.attempt.finish();
    this.#keeper.close();
    await this.input.close();
  }

  /** Does what entering a state means. */
  #enter(before: RecorderState, next: RecorderState): void {
    if (next.intent !== before.intent) this.objection = null;
    this.#follow(before, next);
    if (next.phase === before.phase) return;
    const captures = isCapturing(next.phase);
    if (next.phase === 'interrupted') void this.input.hold();
    if (isCapturing(before.phase) && !captures) this.#end(before, next);
    if (next.phase === 'asking') void this.#ask(next.intent);
    if (next.phase === 'denied')
      void watchPermission(() => this.#machine.fact({ type: 'allowed' }), this.#machine.signal);
    this.#wakeLock.set(captures || next.phase === 'stopping');
  }

  /** Lets go of what no state can bring back any more, and counts down what can. */
  #follow(before: RecorderState, next: RecorderState): void {
    const gone = new Set(everyTake(before)).difference(new Set(everyTake(next)));
    this.shelf.remove([...gone]);
    // What was published is the keeper's own affair.
    const sent = before.phase === 'publishing' && next.phase !== 'reviewing' ? before.chosen : null;
    for (const id of gone) if (id !== sent) void this.#keeper.forget(id);
    this.#undo.follow(next.discarded);
  }

  async #ask(intent: number): Promise<void> {
    try {
      const { signal } = this.#machine;
      const wanted = (): boolean => !signal.aborted;
      if (!(await this.input.open(this.#wantedDevice, wanted))) return;
      this.#machine.report(intent, { type: 'granted' });
      this.#screen.start(() => this.#show());
    } catch (error) {
      const why = error instanceof NoMicrophone ? error.why : null;
      // Where another one is open, that one is gone on with.
      if (why === 'denied' || (why !== null && this.input.microphone === null))
        this.#machine.report(intent, { type: why });
      else
        this.#machine.report(intent, {
          type: 'not-started',
          notice: say.describeOpenFailure(error),
        });
    }
  }

  #start(intent: number, microphone: Microphone, plan: CapturePlan): void {
    const id = this.state.running;
    if (id === null) return;
    const keep = (capturing: Capturing): TakeWriter =>
      this.#keeper.begin(originOf(id, this.#props, this.plan, capturing));
    this.attempt.start(
      microphone,
      { ...plan, keep },
      {
        onpunched: () => this.#machine.report(intent, { type: 'punched' }),
        onoutlasts: () => this.#machine.report(intent, { type: 'outlasts' }),
        onlongest: () => this.#machine.report(intent, { type: 'ends', notice: say.LONGEST }),
        oncaptured: (captured, flaws) => void this.#captured(intent, captured, flaws),
      },
    );
    this.#props.onrecording?.(this.#props.over?.take.id ?? null);
  }

  /** Ends capture; what was held for an interruption must run again for its last samples to come. */
  #end(before: RecorderState, next: RecorderState): void {
    this.#props.onrecording?.(null);
    if (next.phase !== 'stopping') return this.attempt.cancel();
    this.attempt.stop();
    if (before.phase === 'interrupted') void this.input.resume();
  }

  async #captured(intent: number, captured: Captured, breaks: readonly string[]): Promise<void> {
    const { running } = this.state;
    const { frames } = captured.cut;
    if (running === null) return;
    if (frames === 0)
      return this.#machine.report(intent, { type: 'nothing-captured', notice: say.NOTHING });
    const flaws = [...breaks, say.describeFlaws(captured.timing)].filter((flaw) => flaw !== null);
    const audio = await audioOfCaptured(captured);
    if (audio !== null) this.shelf.add(running, audio, { flaws });
    // A device that keeps nothing, or hangs, is no reason to let a take go.
    const noted = this.#keeper.captured(running, frames, captured.timing);
    await this.#unkept.note(running, noted, this.attempt.trouble);
    this.#machine.report(intent, { type: 'captured' });
    if (audio === null) this.objection = say.NOT_READ;
  }

  #interrupted(why: Interruption): void {
    const { intent, phase } = this.state;
    if (!isCapturing(phase) || phase === 'interrupted') return;
    const samples = phase === 'pre-roll' ? null : this.attempt.capturedSamples;
    const notice = say.describeInterruption(why, samples);
    this.#machine.report(intent, { type: 'interrupted', notice });
  }

  /** Shows the level and the running take; false once no microphone is open. */
  #show(): boolean {
    this.input.read();
    this.attempt.refresh(this.state.phase === 'pre-roll');
    return this.input.microphone !== null;
  }
}
