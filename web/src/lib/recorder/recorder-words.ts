// What the recorder says: what happened, what is safe, one thing to do.
import { MAX_UPLOAD_BYTES } from '#domain/protocol/commands.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import { fit } from '#domain/timeline/duet.ts';
import { describeTiming } from '../latency/timing-words.ts';
import { formatClock } from '#domain/timeline/samples.ts';
import { Refused, Unreachable } from '../upload/api.ts';
import type { UploadProgress } from '../upload/part-progress.ts';
import { describeUpload, whereItIs } from '../upload/sending-step.ts';
import type { Interruption } from './interruptions.ts';
import type { LeadPlan } from './lead.ts';
import { NoMicrophone } from './no-microphone.ts';
import type { RecorderState } from './recorder-machine.ts';
import { KEPT_HERE, phases, SAFE, type Phase } from './recorder-phases.ts';
import type { LeadTake, Over } from './recorder-props.ts';
import type { TakeWriter } from './take-keeper.ts';

/** How far a publication is. */
export type Progress =
  | { readonly step: 'saved' }
  | ({ readonly step: 'uploading' } & UploadProgress)
  | { readonly step: 'committing' };

/** What an upload's progress is for whoever publishes: once all has arrived, it is published. */
export function progressOf(now: UploadProgress): Progress {
  return now.share === 1 && now.waitMs === null
    ? { step: 'committing' }
    : { step: 'uploading', ...now };
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;
/** "2.4 s", one decimal, never less than is needed. */
export const seconds = (samples: number): string =>
  `${(Math.ceil(samples / 4_800) / 10).toFixed(1)} s`;

/** "Saved here", "Uploading part 2 of 4 · 62 %", "Publishing". */
export function describeProgress(progress: Progress, isKept: boolean): string {
  switch (progress.step) {
    case 'saved':
      return isKept ? 'Saved here' : 'Making it ready';
    case 'uploading':
      return describeUpload(progress, isKept);
    case 'committing':
      return 'Publishing';
  }
}

/** Why a publication failed. */
export function describeFailure(error: unknown, progress: Progress, isKept: boolean): string {
  if (error instanceof Refused) return `${error.problem.message} ${whereItIs(isKept)}`;
  if (!(error instanceof Unreachable))
    return 'This device could not read or keep what it sends. Your take is still on this page. Try again, or download it.';
  const where = progress.step === 'uploading' ? ` at ${percent(progress.share)}` : '';
  return `The network dropped${where}. ${whereItIs(isKept)} Try again.`;
}

/** What is known against a take that was just recorded, or null. */
export function describeFlaws(timing: TakeTiming | undefined): string | null {
  const flaws = describeTiming(timing);
  return flaws === null ? null : `${flaws}. Your take is whole; listen before you publish.`;
}

/** What is damaged of a take of an earlier visit: empty if nothing is. */
export function describeDamage(frames: number, rate: number): string[] {
  if (frames === 0) return [];
  const lost = `This device lost ${(Math.ceil((frames * 10) / rate) / 10).toFixed(1)} s of this take: there is silence instead. Listen before you publish.`;
  return [lost];
}

/** Why the device does not keep a take, and what to do. */
export function describeTrouble(trouble: NonNullable<TakeWriter['trouble']>): string {
  return trouble === 'full'
    ? 'This device is out of space. What you recorded until now is kept; finish now.'
    : 'This device does not keep this take. It is on this page alone: publish it before you leave.';
}

/** What a screen reader is told when the state changes, and whether it may wait its turn. */
export interface Announcement {
  readonly words: string;
  readonly how: 'polite' | 'assertive';
}

/**
 * What a screen reader is told of a state. The pre-roll is said once, then counted by its last three
 * numbers, which each replace the one before: nobody is still told "3" when it begins.
 */
export function announcementOf(
  { phase, notice, stopWaits }: Pick<RecorderState, 'phase' | 'notice' | 'stopWaits'>,
  countdownSeconds: number | null,
  isKept: boolean,
): Announcement {
  const { how } = phases[phase];
  const says = !isKept && phase === 'reviewing' ? HERE_ALONE_SAID : phases[phase].says;
  if (notice !== null) return { words: notice, how };
  if (phase === 'pre-roll') {
    const count = Math.ceil(countdownSeconds ?? 4);
    return { words: count > 3 ? 'Get ready' : count > 0 ? `${count}` : '', how };
  }
  // The wait is over once capture ends, however long the state remembers it.
  const waiting = stopWaits && phase === 'recording';
  return waiting
    ? { words: 'Stop waits until there is a tail', how: 'polite' }
    : { words: says, how };
}

const HERE_ALONE = 'On this page alone until you publish it.';
const NOT_KEPT_HERE =
  'It is open only while the recorder is. This browser keeps no takes: what you record is on this page alone until you publish it.';
const HERE_ALONE_SAID =
  'Recorded, on this page alone. Press Space to listen, Control Enter to publish';
export const MICROPHONE_LEFT = 'The microphone left. What you recorded is safe.';
export const LONGEST = 'This is as long as a take may be.';
export const NOT_THERE =
  'This take is open in another tab, or cannot be read now. It is left as it is.';
export const NOT_STARTED =
  'We could not load the take to record over. Nothing is lost. Press Record to try again.';
export const LEAD_MISSING =
  'What leads to your place could not be loaded, so you do not hear it. What you record over is here, and yours lies in time on it.';
export const NOT_STOPPED =
  'Your take was published before it could be stopped. It is in the story now.';
/** What became of a file that was still being taken in when another take was published. */
export function describeLateFile(isKept: boolean): string {
  return isKept
    ? 'Your file was not ready when you published. It is safe on this device, and offered when you open this page again.'
    : 'Your file was not ready when you published, so it was not taken in. Choose it again once this take is published.';
}
export const NOT_READ =
  'This browser could not make your take ready to listen to. What the device kept of it is offered when you open this page again.';
export const NOTHING = 'Nothing was recorded. Press Record to try again.';
export const NOT_BACK =
  'The sound does not come back yet. What you recorded is safe. Try again, or stop here.';

/** What broke in, and what is safe: null for samples while there is nothing to lose yet. */
export function describeInterruption(why: Interruption, samples: number | null): string {
  if (samples === null) return `${interruptions[why]} Press Record to begin again.`;
  return `${interruptions[why]} Your ${formatClock(samples)} is safe. Continue, or stop here.`;
}

const interruptions: Record<Interruption, string> = {
  output: 'Your headphones or speakers changed.',
  muted: 'The device muted the microphone.',
  suspended: 'Something else took the sound.',
  hidden: 'You left the page.',
};

/** Why a microphone that is there did not open: by the names that browsers give the reasons. */
export function describeOpenFailure(error: unknown): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotReadableError')
    return 'Another app has the microphone. Nothing is lost. Close it there, then try again.';
  if (error instanceof NoMicrophone)
    return 'This microphone did not open. The one before is still in use.';
  return 'The microphone did not start. Nothing is lost. Try again.';
}

/** What stands under the large line of a state. */
export function detailOf(
  state: Pick<RecorderState, 'phase' | 'stopWaits'>,
  now: {
    readonly over: Over | null;
    /** Whole seconds until the punch point. */
    readonly countdown: number;
    readonly missingSamples: number;
    readonly progress: Progress;
    /** Whether the take in review would outlive the page; before it, whether it will. */
    readonly isKept: boolean;
  },
): string {
  const { detail } = phases[state.phase];
  if (detail === SAFE && !now.isKept) return HERE_ALONE;
  if (detail === KEPT_HERE && !now.isKept) return NOT_KEPT_HERE;
  if (detail !== undefined) return detail;
  if (state.phase === 'armed') return describeReady(now.over);
  if (state.phase === 'publishing') return describeProgress(now.progress, now.isKept);
  if (state.phase === 'pre-roll')
    return now.countdown > 0 ? `Recording in ${now.countdown} s` : 'Recording starts';
  return describeGoal(state, now.missingSamples, now.over?.take.name ?? null);
}

const actions: Partial<Record<Phase, string>> = {
  idle: 'Use microphone',
  asking: 'Waiting for you',
  armed: 'Record',
  'pre-roll': 'Cancel',
  recording: 'Stop',
  extending: 'Stop',
  interrupted: 'Stop here',
  stopping: 'Stopping',
};

/** What the one large button says. */
export function actionOf({ phase, stopWaits }: Pick<RecorderState, 'phase' | 'stopWaits'>): string {
  if (stopWaits && phase === 'recording') return 'Stop waits';
  return actions[phase] ?? 'Try again';
}

/** What pressing Record will do. */
export function describeReady(over: Over | null): string {
  if (over === null) return 'Recording starts when you press Record.';
  const { name, kind } = over.take;
  return kind === 'text'
    ? `${name} wrote; you have the silence to yourself. Go on past the end.`
    : `You will hear ${name}, then you speak over the tail.`;
}

/** The line under a running take: how long it must still be, or that it may stop. */
export function describeGoal(
  { phase, stopWaits }: Pick<RecorderState, 'phase' | 'stopWaits'>,
  missingSamples: number,
  tailOf: string | null,
): string {
  const more = seconds(missingSamples);
  if (phase === 'extending') return 'Stop whenever you like';
  if (tailOf === null) return stopWaits ? `Stopping in ${more}` : `${more} more makes a take`;
  return stopWaits
    ? `Stop waits: a take must outlast ${tailOf}'s, ${more} more leaves a tail`
    : `${more} more leaves a tail`;
}

/** Why a chosen file cannot become a take, or null if nothing speaks against it. */
export function objectionTo(
  file: { readonly size: number; readonly durationSamples: number | null },
  plan: LeadPlan,
  parent: LeadTake | null,
): string | null {
  if (file.size === 0) return 'This file is empty. Choose another one.';
  if (file.size > MAX_UPLOAD_BYTES)
    return `This file is larger than a take may be (${MAX_UPLOAD_BYTES / 1024 / 1024} MB). Trim it, or choose another one.`;
  if (file.durationSamples === null) return null;
  const fits = fit(
    { startSamples: plan.punchSamples, durationSamples: file.durationSamples },
    parent,
  );
  if (fits.fits) return null;
  return fits.why === 'too_short'
    ? `This recording ends ${seconds(fits.missingSamples)} before ${parent?.name ?? 'its parent'} does. Choose a longer one.`
    : 'This path would become too long. Answer an earlier take.';
}

/** Why a take that is there cannot be published where it was made, or null if it can. */
export function describeLack(lackingSamples: number, parentName: string | null): string | null {
  if (lackingSamples === 0) return null;
  const whose = parentName === null ? 'Its parent' : `${parentName}’s take`;
  return `${whose} goes on for ${seconds(lackingSamples)} after yours ends, so yours leaves no tail. It is safe here; record again to go past it.`;
}
