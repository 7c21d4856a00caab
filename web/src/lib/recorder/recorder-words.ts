// What the recorder says: what happened, what is safe, one thing to do.
import { MAX_UPLOAD_BYTES } from '#domain/protocol/commands.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import { fit } from '#domain/timeline/duet.ts';
import { describeTiming } from '../latency/latency-words.ts';
import { Refused } from '../upload/api.ts';
import type { UploadProgress } from '../upload/part-progress.ts';
import { describeUpload } from '../upload/sending-step.ts';
import type { LeadPlan } from './lead.ts';
import type { Phase, RecorderState } from './recorder-machine.ts';
import type { LeadTake, Over } from './recorder-props.ts';

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
export function describeProgress(progress: Progress): string {
  switch (progress.step) {
    case 'saved':
      return 'Saved here';
    case 'uploading':
      return describeUpload(progress);
    case 'committing':
      return 'Publishing';
  }
}

/** Why a publication failed. */
export function describeFailure(error: unknown, progress: Progress): string {
  if (error instanceof Refused) return `${error.problem.message} Your take is safe on this device.`;
  const where = progress.step === 'uploading' ? ` at ${percent(progress.share)}` : '';
  return `The network dropped${where}. Your take is safe on this device. Try again.`;
}

export const NOT_STARTED =
  'We could not load the take to record over. Nothing is lost. Press Record to try again.';
export const NOT_OPENED = 'The microphone did not start. Try again.';
export const MICROPHONE_LEFT = 'The microphone left. What you recorded is safe.';

/** What is known against a take that was just recorded, or null. */
export function describeFlaws(timing: TakeTiming | undefined): string | null {
  const flaws = describeTiming(timing);
  return flaws === null ? null : `${flaws}. Your take is whole; listen before you publish.`;
}

const announcements: Record<Phase, string> = {
  idle: '',
  asking: 'Your browser asks whether the microphone may be used',
  denied: 'The microphone is blocked',
  'no-input': 'There is no microphone',
  armed: 'The microphone is open. Press R to record',
  'pre-roll': 'Get ready',
  recording: 'Recording',
  extending: 'You may stop whenever you like',
  stopping: 'Stopping',
  reviewing: 'Recorded and safe on this device. Press Space to listen, Control Enter to publish',
  publishing: 'Publishing',
  failed: '',
  live: 'Published. It is being mixed now',
};

/** What a screen reader is told when the state changes; the pre-roll is counted by seconds. */
export function announcementOf(
  { phase, notice, stopWaits }: RecorderState,
  countdownSeconds: number | null,
): string {
  if (notice !== null) return notice;
  if (phase === 'pre-roll' && countdownSeconds !== null)
    return `Recording in ${Math.ceil(countdownSeconds)}`;
  // The wait is over once capture ends, however long the state remembers it.
  const waiting = stopWaits && phase === 'recording';
  return waiting ? 'Stop waits until there is a tail' : announcements[phase];
}

/** What pressing Record will do. */
export function describeReady(over: Over | null): string {
  if (over === null) return 'Recording starts when you press Record.';
  const { name, kind } = over.take;
  return kind === 'text'
    ? `${name} wrote; you have the silence to yourself. Go on past the end.`
    : `You will hear ${name}, then you speak over the tail. Wear headphones.`;
}

/** The line under a running take: how long it must still be, or that it may stop. */
export function describeGoal(
  { phase, stopWaits }: RecorderState,
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
