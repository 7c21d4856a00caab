// The recorder: runs the machine, and does the work that entering a state stands for.
import { takeId, type TakeId } from '#domain/story/ids.ts';
import type { TakeOrigin } from '../kept-takes/take-origin.ts';
import type { Attempt } from './attempt.svelte.ts';
import { ChosenTake } from './chosen-take.svelte.ts';
import type { Input } from './input.svelte.ts';
import { takeFrom } from './intake.ts';
import { planLead, type LeadPlan } from './lead.ts';
import { watchPermission } from './permission.ts';
import { Publication } from './publication.svelte.ts';
import { can, everyTake, holdsTake, type RecorderState } from './recorder-machine.ts';
import { isCapturing, type CommandType } from './recorder-phases.ts';
import type { RecorderProps } from './recorder-props.ts';
import * as say from './recorder-words.ts';
import { RecordingWork } from './recording-work.ts';
import { RunningMachine } from './running-machine.svelte.ts';
import { audioOfKept } from './take-audio.ts';
import type { Place } from './take-edit.ts';
import { isHere, originOf } from './take-facts.ts';
import { PageTakeKeeper, type TakeKeeper, type TakeWriter } from './take-keeper.ts';
import { TakeShelf } from './take-shelf.svelte.ts';
import { UndoTimers } from './undo-timers.ts';
import { UnkeptTakes } from './unkept-takes.svelte.ts';

/** One recorder on a page. `destroy` it with the component that made it. */
export class Recorder {
  /** Why what was just asked for cannot be. */
  objection = $state<string | null>(null);
  /** Whether takes would outlive the page here, as far as anybody knows yet. */
  keeps = $state(true);

  readonly plan: LeadPlan;
  readonly place: Place;
  readonly input: Input;
  readonly attempt: Attempt;
  readonly shelf = new TakeShelf();
  readonly chosen: ChosenTake;
  readonly publication: Publication;
  readonly #props: RecorderProps;
  readonly #keeper: TakeKeeper;
  readonly #machine = new RunningMachine((before, next) => this.#enter(before, next));
  readonly #undo = new UndoTimers((id) => this.#machine.fact({ type: 'undo-expired', takeId: id }));
  readonly #unkept = new UnkeptTakes();
  readonly #work: RecordingWork;
  #wantedDevice: string | null = null;
  /** Files that were chosen and are neither held yet nor objected to. */
  #takingIn = $state(0);

  constructor(props: RecorderProps) {
    const keeper = props.keeper ?? new PageTakeKeeper();
    const plan = planLead(props.over);
    const place = { punchSamples: plan.punchSamples, parent: props.over?.take ?? null };
    this.#props = props;
    this.#keeper = keeper;
    this.plan = plan;
    this.place = place;
    this.publication = new Publication(props, place, keeper);
    const [shelf, machine, unkept] = [this.shelf, this.#machine, this.#unkept];
    this.chosen = new ChosenTake({ props, place, shelf, keeper, state: () => this.state });
    const onobjection = (why: string): void => void (this.objection = why);
    this.#work = new RecordingWork({ props, plan, machine, keeper, shelf, unkept, onobjection });
    ({ input: this.input, attempt: this.attempt } = this.#work);
    void keeper.keeps().then((keeps) => (this.keeps = keeps));
  }

  get state(): RecorderState {
    return this.#machine.state;
  }

  can(type: CommandType): boolean {
    return can(this.state, type);
  }

  /** Whether the take in review can be published as it is. */
  get publishable(): boolean {
    return this.can('publish') && this.chosen.isComplete;
  }

  /** Whether a file that was chosen is not ready yet. */
  get takesIn(): boolean {
    return this.#takingIn > 0;
  }

  /** Whether a take is here that is not published. */
  get holdsTake(): boolean {
    return this.takesIn || holdsTake(this.state);
  }

  /** Why the device does not keep the take that runs or is in review; null if it does. */
  get trouble(): TakeWriter['trouble'] {
    return this.#unkept.troubleOf(this.state, this.attempt.trouble);
  }

  /** Whether all that is here would outlive the page. */
  get keepsAll(): boolean {
    const keeps = this.#props.keeper !== undefined;
    return keeps && !this.takesIn && this.#unkept.keepsAll(this.state, this.attempt.trouble);
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
    await this.#work.record(intent, microphone);
  }

  /** Ends the take or says that it waits for a tail; cancels the pre-roll or a publication. */
  stop(): void {
    const { phase, chosen } = this.state;
    if (phase === 'publishing' && chosen !== null) void this.#keeper.withdraw(chosen);
    this.#machine.command({ type: 'stop' });
  }

  /** Goes on with a take that was interrupted, if capture does. */
  async goOn(): Promise<void> {
    if (this.state.phase === 'interrupted') await this.#work.goOn();
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

  /** Takes a file instead of a recording, or beside the one that is made meanwhile. */
  async chooseFile(file: File): Promise<void> {
    this.#takingIn += 1;
    try {
      await this.#takeIn(file);
    } finally {
      this.#takingIn -= 1;
    }
  }

  async #takeIn(file: File): Promise<void> {
    const audio = await takeFrom(file, this.plan, this.#props.over?.take ?? null);
    this.objection = typeof audio === 'string' ? audio : null;
    if (typeof audio === 'string') return;
    const id = takeId(crypto.randomUUID());
    // Kept first, or certainly not: nothing is called safe before it is.
    await this.#unkept.note(id, this.#keeper.keepFile(originOf(id, this.#props, this.plan), file));
    this.shelf.add(id, audio);
    const type = this.can('take-in') ? 'take-in' : 'set-aside';
    if (this.#machine.command({ type, takeId: id, recovered: false }) !== null) return;
    this.shelf.remove([id]);
    this.objection = say.describeLateFile(this.#unkept.isKept(id));
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
    this.chosen.type(typed);
    this.#machine.command({ type: 'take-in', takeId: id, recovered: true });
  }

  /** Sends the take, or sends it again after a failure: it is never published twice. */
  async publish(): Promise<void> {
    const { take } = this.chosen;
    if (take === null || !this.publishable) return;
    const intent = this.#machine.command({ type: 'publish' });
    if (intent === null) return;
    try {
      const delivery = await this.publication.send(take, this.chosen);
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
    await this.#work.end();
    this.#keeper.close();
    await this.input.close();
  }

  /** Does what entering a state means. */
  #enter(before: RecorderState, next: RecorderState): void {
    if (next.intent !== before.intent) this.objection = null;
    this.#follow(before, next);
    if (next.phase === before.phase) return;
    this.#work.follow(before, next);
    if (next.phase === 'asking') void this.#work.open(next.intent, this.#wantedDevice);
    if (next.phase === 'denied')
      void watchPermission(() => this.#machine.fact({ type: 'allowed' }), this.#machine.signal);
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
}
