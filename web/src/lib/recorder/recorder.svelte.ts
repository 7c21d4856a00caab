// The recorder: runs the machine, and does the work that its states stand for.
import { takeId, type TakeId } from '#domain/story/ids.ts';
import { peaksOf } from '../player/peaks-path.ts';
import type { UploadProgress } from '../upload/part-progress.ts';
import { rawTake } from '../latency/raw-take.ts';
import { RouteLatency } from '../latency/route-latency.svelte.ts';
import { CaptureSession, type Captured } from './capture-session.ts';
import { LevelWatch, quiet, type Level } from './level.ts';
import { loadStems, planLead, type LeadPlan, type Stems } from './lead.ts';
import { Microphone, NoMicrophone } from './microphone.ts';
import {
  can,
  command,
  holdsTake,
  initialState,
  isCapturing,
  report,
  type Command,
  type RecorderState,
  type Report,
} from './recorder-machine.ts';
import type { RecorderProps } from './recorder-props.ts';
import {
  describeFailure,
  describeFlaws,
  MICROPHONE_LEFT,
  NOT_OPENED,
  NOT_STARTED,
  objectionTo,
  progressOf,
  type Progress,
} from './recorder-words.ts';
import { audioOfFile, audioOfRecording, moveTake, type TakeAudio } from './take-audio.ts';
import { draftOf, originOf } from './take-facts.ts';
import { PageTakeKeeper, type TakeKeeper, type TakeWriter } from './take-keeper.ts';

type Outcome = Report extends infer R ? (R extends Report ? Omit<R, 'intent'> : never) : never;

/** How long a discarded take can be taken back, milliseconds. */
const UNDO_MS = 10_000;

const NO_PEAKS = new Int8Array(0);
/** Values of the waveform that arrive before it is drawn again: a tenth of a second. */
const REDRAW_VALUES = 20;

/** One recorder on a page. `destroy` it with the component that made it. */
export class Recorder {
  state = $state.raw<RecorderState>(initialState);
  level = $state.raw<Level>(quiet);
  /** Seconds until the punch point; null outside the pre-roll. */
  countdownSeconds = $state<number | null>(null);
  capturedSamples = $state(0);
  /** The waveform of the take, while it is recorded and after: min/max pairs, 100 a second. */
  peaks = $state.raw(NO_PEAKS);
  /** Samples that the running take still needs to leave a tail. */
  missingSamples = $state(0);
  /** The take in review: recorded or chosen. */
  take = $state.raw<TakeAudio | null>(null);
  progress = $state.raw<Progress>({ step: 'saved' });
  /** What was wrong with a chosen file. */
  objection = $state<string | null>(null);
  /** A take that was discarded less than ten seconds ago. */
  discarded = $state.raw<{ id: TakeId; take: TakeAudio } | null>(null);
  /** How late the devices are, while a microphone is open. */
  route = $state.raw<RouteLatency | null>(null);
  /** By how much the take in review was moved, milliseconds; positive is later. */
  nudgeMs = $state(0);
  name = $state('');
  title = $state('');
  words = $state('');

  readonly plan: LeadPlan;
  readonly #props: RecorderProps;
  readonly #keeper: TakeKeeper;
  #takeId: TakeId = takeId(crypto.randomUUID());
  /** Takes what is captured to the device. */
  #writer: TakeWriter | null = null;
  #microphone: Microphone | null = null;
  #watch = new LevelWatch();
  #session: CaptureSession | null = null;
  #stems: Stems | null = null;
  #work = new AbortController();
  #frame: number | null = null;
  #undo: ReturnType<typeof setTimeout> | undefined;

  constructor(props: RecorderProps, keeper: TakeKeeper = new PageTakeKeeper()) {
    this.#props = props;
    this.#keeper = keeper;
    this.plan = planLead(props.over);
    this.name = props.person?.name ?? '';
  }

  can(type: Command['type']): boolean {
    return can(this.state, type);
  }

  /** Whether all that a publication needs is there. */
  get publishable(): boolean {
    const titled = this.#props.over !== null || this.title.trim() !== '';
    return this.can('publish') && this.name.trim() !== '' && titled;
  }

  /** Whether leaving the page now would lose a take. */
  get holdsTake(): boolean {
    return holdsTake(this.state.phase);
  }

  /** Asks for the microphone. Call it for a tap. */
  async open(): Promise<void> {
    const intent = this.#command('open');
    if (intent === null) return;
    try {
      const microphone = await Microphone.open();
      if (intent !== this.state.intent) return await microphone.close();
      this.#adopt(microphone);
      this.#report(intent, { type: 'granted' });
    } catch (error) {
      const why = error instanceof NoMicrophone ? error.why : null;
      if (why !== null) this.#report(intent, { type: 'refused', why });
      else this.#report(intent, { type: 'not-started', notice: NOT_OPENED });
    }
  }

  /** Plays what leads to the punch point and records from there. */
  async record(): Promise<void> {
    const microphone = this.#microphone;
    const { route } = this;
    if (microphone === null || route === null) return;
    const intent = this.#command('record');
    if (intent === null) return;
    this.#forgetDiscarded();
    route.stop();
    this.capturedSamples = 0;
    this.missingSamples = 0;
    this.peaks = NO_PEAKS;
    const objection = await this.#keeper.objection();
    if (objection !== null) return this.#report(intent, { type: 'not-started', notice: objection });
    try {
      await microphone.context.resume();
      this.#stems ??= await loadStems(microphone.context, this.plan, this.#work.signal);
    } catch {
      return this.#report(intent, { type: 'not-started', notice: NOT_STARTED });
    }
    if (intent !== this.state.intent) return;
    const rate = microphone.context.sampleRate;
    const plan = { lead: this.plan, stems: this.#stems, ...route.toCapture };
    const session = new CaptureSession(microphone.input, plan, {
      onsamples: (samples, lostFrames) => this.#writer?.write(samples, lostFrames),
      onpunched: () => this.#report(intent, { type: 'punched' }),
      onoutlasts: () => this.#report(intent, { type: 'outlasts' }),
      onlongest: () =>
        this.#report(intent, { type: 'ends', notice: 'This is as long as a take may be.' }),
      ondone: (captured) => void this.#captured(intent, captured),
    });
    this.#session = session;
    this.#takeId = takeId(crypto.randomUUID());
    const { compensationFrames, marginFrames: leadFrames } = session;
    const device = microphone.pair.input;
    const capturing = { sampleRate: rate, leadFrames, compensationFrames, device };
    this.#writer = this.#keeper.begin(originOf(this.#takeId, this.#props, this.plan, capturing));
    this.#props.onrecording?.(this.#props.over?.take.id ?? null);
  }

  /** Ends the take or says that it waits for a tail; cancels the pre-roll or a publication. */
  stop(): void {
    if (this.state.phase === 'publishing') void this.#keeper.withdraw(this.#takeId);
    this.#command('stop');
  }

  /** The one key of the recorder: opens the microphone, records, stops. */
  toggle(): void {
    if (isCapturing(this.state.phase)) this.stop();
    else if (this.can('record')) void this.record();
    else void this.open();
  }

  /** Lets the take go; for ten seconds `restore` brings it back. */
  discard(): void {
    const { take } = this;
    if (this.#command('discard') === null) return;
    if (take !== null) {
      this.discarded = { id: this.#takeId, take };
      this.#undo = setTimeout(() => this.#forgetDiscarded(), UNDO_MS);
    }
    this.#hold(null);
  }

  restore(): void {
    const { discarded } = this;
    if (discarded === null || this.#command('restore') === null) return;
    clearTimeout(this.#undo);
    this.discarded = null;
    this.#hold(discarded.take, discarded.id);
  }

  /** Moves the take in review against its parent; the recording stays as it is. */
  async nudge(ms: number): Promise<void> {
    const { take } = this;
    if (take === null || !this.can('publish')) return;
    this.nudgeMs = ms;
    const moved = await moveTake(take, ms);
    // A later nudge, or another take, came in between.
    if (this.take?.raw === take.raw && this.nudgeMs === ms) this.take = moved;
  }

  /** Takes a file instead of a recording. */
  async chooseFile(file: File): Promise<void> {
    if (!this.can('choose')) return;
    const { size } = file;
    this.objection = objectionTo({ size, durationSamples: null }, this.plan, null);
    if (this.objection !== null) return;
    const take = await audioOfFile(file);
    const { durationSamples } = take;
    const parent = this.#props.over?.take ?? null;
    this.objection = objectionTo({ size, durationSamples }, this.plan, parent);
    if (this.objection !== null || this.#command('choose') === null) return;
    this.#forgetDiscarded();
    this.#hold(take);
    await this.#keeper.keepFile(originOf(this.#takeId, this.#props, this.plan), file);
  }

  /** Sends the take, or sends it again after a failure: it is never published twice. */
  async publish(): Promise<void> {
    const { take } = this;
    if (take === null || !this.publishable) return;
    const intent = this.#command('publish');
    if (intent === null) return;
    this.progress = { step: 'saved' };
    try {
      const draft = draftOf(this.#takeId, this.#props, take, this);
      const onprogress = (now: UploadProgress) => (this.progress = progressOf(now));
      const delivery = await this.#keeper.publish(draft, { onprogress });
      // Nothing is kept of this page's takes yet, so none of them can wait.
      if (delivery.kind !== 'live') return;
      this.#report(intent, { type: 'published' });
      this.#props.onpublished(delivery.published);
    } catch (error) {
      const notice = describeFailure(error, this.progress);
      this.#report(intent, { type: 'not-published', notice });
    }
  }

  /** Ends everything and lets the microphone go. */
  async destroy(): Promise<void> {
    this.#work.abort();
    this.#session?.cancel();
    clearTimeout(this.#undo);
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
    this.#frame = null;
    this.route?.close();
    await this.#writer?.finish();
    this.#keeper.close();
    await this.#microphone?.close();
    this.#microphone = null;
  }

  /** Gives a command; returns its intent number, or null if it means nothing now. */
  #command(type: Command['type']): number | null {
    const before = this.state;
    const next = command(before, { type }, { microphone: this.#microphone !== null });
    if (next === before) return null;
    this.#become(next);
    return next.intent;
  }

  #report(intent: number, outcome: Outcome): void {
    this.#become(report(this.state, { ...outcome, intent }));
  }

  /** Enters a state and does what entering it means. */
  #become(next: RecorderState): void {
    const before = this.state;
    if (next === before) return;
    this.state = next;
    if (next.intent !== before.intent) {
      this.#work.abort();
      this.#work = new AbortController();
      this.#session?.cancel();
      this.#session = null;
    }
    if (next.phase === 'stopping' && before.phase !== 'stopping') this.#session?.stop();
    if (isCapturing(before.phase) && !isCapturing(next.phase)) this.#props.onrecording?.(null);
  }

  #adopt(microphone: Microphone): void {
    this.#microphone = microphone;
    this.#watch = new LevelWatch();
    microphone.listen((block) => this.#watch.push(block.samples));
    this.route = new RouteLatency(microphone);
    microphone.onlost = () => {
      const { intent, phase } = this.state;
      this.#report(intent, { type: 'ends', notice: MICROPHONE_LEFT });
      if (phase === 'pre-roll')
        this.#report(intent, { type: 'not-started', notice: MICROPHONE_LEFT });
      void microphone.close();
      this.#microphone = null;
      this.route = null;
      if (this.state.phase === 'armed') this.#command('close');
    };
    this.#watchMeter();
  }

  #watchMeter(): void {
    const next = (): void => {
      this.level = this.#watch.read();
      const session = this.#session;
      const counting = session !== null && this.state.phase === 'pre-roll';
      this.countdownSeconds = counting ? session.countdownSeconds : null;
      if (session !== null && this.state.phase !== 'stopping') {
        this.capturedSamples = session.samples;
        this.missingSamples = session.missingSamples;
        const { peaks } = session;
        if (peaks.length >= this.peaks.length + REDRAW_VALUES) this.peaks = peaks;
      }
      this.#frame = this.#microphone === null ? null : requestAnimationFrame(next);
    };
    this.#frame ??= requestAnimationFrame(next);
  }

  async #captured(intent: number, captured: Captured): Promise<void> {
    const { frames } = captured.cut;
    const id = this.#takeId;
    this.#session = null;
    await this.#writer?.finish();
    this.#writer = null;
    if (frames === 0) {
      await this.#keeper.forget(id);
      const notice = 'Nothing was recorded. Press Record to try again.';
      this.#report(intent, { type: 'nothing-captured', notice });
      return;
    }
    const take = await audioOfRecording(rawTake(captured), captured.timing);
    if (intent !== this.state.intent) return;
    await this.#keeper.captured(id, frames);
    this.#hold(take, id);
    this.#report(intent, { type: 'captured' });
    const flaws = describeFlaws(captured.timing);
    if (flaws !== null) this.state = { ...this.state, notice: this.state.notice ?? flaws };
  }

  #hold(take: TakeAudio | null, id: TakeId = takeId(crypto.randomUUID())): void {
    this.take = take;
    this.nudgeMs = 0;
    const buffer = take?.buffer ?? null;
    this.peaks = buffer === null ? NO_PEAKS : peaksOf([buffer.getChannelData(0)]);
    this.capturedSamples = take?.durationSamples ?? 0;
    this.#takeId = id;
  }

  #forgetDiscarded(): void {
    clearTimeout(this.#undo);
    if (this.discarded !== null) void this.#keeper.forget(this.discarded.id);
    this.discarded = null;
  }
}
