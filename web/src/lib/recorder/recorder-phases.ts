// The recorder's states in one table: what each is called, what a screen reader is told on entering
// it, and where each command, report and fact leads from it.

export type Phase =
  | 'idle'
  | 'asking'
  | 'denied'
  | 'no-input'
  | 'armed'
  | 'pre-roll'
  | 'recording'
  | 'extending'
  | 'interrupted'
  | 'stopping'
  | 'reviewing'
  | 'recovered'
  | 'publishing'
  | 'queued'
  | 'failed'
  | 'live';

export type CommandType =
  | 'open'
  | 'change-device'
  | 'record'
  | 'stop'
  | 'discard'
  | 'restore'
  | 'pick'
  | 'take-in'
  | 'set-aside'
  | 'again'
  | 'review'
  | 'publish'
  | 'close';

export type ReportType =
  | 'granted'
  | 'denied'
  | 'no-input'
  | 'not-started'
  | 'punched'
  | 'outlasts'
  | 'interrupted'
  | 'resumed'
  | 'ends'
  | 'captured'
  | 'nothing-captured'
  | 'published'
  | 'queued'
  | 'not-published';

export type FactType = 'microphone-lost' | 'allowed' | 'undo-expired';

/**
 * Where something leads: a phase, or `stay` (it means something here, and moves nothing), `rest`
 * (`armed` with an open microphone, `idle` without), `shelf` (`reviewing` while a take is held,
 * else `rest`), `back` (to what was interrupted), `kept` (as was decided when the take was ended).
 */
export type Exit = Phase | 'stay' | 'rest' | 'shelf' | 'back' | 'kept';

export interface PhaseRow {
  /** The large line on the screen, where no clock or count stands in its place. */
  readonly label: string;
  /** The small line under it; left out where it changes within the state. */
  readonly detail?: string;
  /** What is spoken on entering; empty where the notice or a count says it. */
  readonly says: string;
  /** `assertive` where waiting for the end of a sentence would make the words untrue. */
  readonly how: 'polite' | 'assertive';
  readonly exits: Readonly<Partial<Record<CommandType | ReportType | FactType, Exit>>>;
}

/** What ends a running take, whatever becomes of it. */
const endings = {
  discard: 'stopping',
  'change-device': 'stopping',
  ends: 'stopping',
  'microphone-lost': 'stopping',
  restore: 'stay',
  'set-aside': 'stay',
} as const;

/** What can be done with takes that are held. */
const reviewing = {
  publish: 'publishing',
  discard: 'shelf',
  restore: 'reviewing',
  pick: 'reviewing',
  again: 'rest',
  'take-in': 'reviewing',
  close: 'idle',
} as const;

/** Ways to a take that need no microphone. */
const beside = {
  'take-in': 'reviewing',
  review: 'reviewing',
  restore: 'reviewing',
  discard: 'stay',
  close: 'idle',
} as const;

/** Before there is a take, where the device will keep it. */
export const KEPT_HERE =
  'It is open only while the recorder is. What you record stays on this device until you publish it.';
/** Under a take that the device keeps. */
export const SAFE = 'Safe on this device until you publish it.';

export const phases: Readonly<Record<Phase, PhaseRow>> = {
  idle: {
    label: 'First, the microphone',
    detail: KEPT_HERE,
    says: '',
    how: 'polite',
    exits: { ...beside, open: 'asking' },
  },
  asking: {
    label: 'Your browser asks',
    detail: KEPT_HERE,
    says: 'Your browser asks whether the microphone may be used',
    how: 'polite',
    exits: {
      granted: 'armed',
      denied: 'denied',
      'no-input': 'no-input',
      'not-started': 'rest',
      restore: 'stay',
      'set-aside': 'stay',
      close: 'idle',
    },
  },
  denied: {
    label: 'The microphone is blocked',
    detail:
      'Open the lock icon beside the address, allow Microphone, then try again. Or upload a file.',
    says: 'The microphone is blocked. Allow it beside the address, then press R. Or upload a file',
    how: 'assertive',
    exits: { ...beside, open: 'asking', allowed: 'idle' },
  },
  'no-input': {
    label: 'We found no microphone',
    detail: 'Plug one in, then try again. You can also upload a file.',
    says: 'We found no microphone. Plug one in, then press R. Or upload a file',
    how: 'assertive',
    exits: { ...beside, open: 'asking', 'change-device': 'asking' },
  },
  armed: {
    label: 'Ready',
    says: 'The microphone is open. Press R to record',
    how: 'polite',
    exits: { ...beside, record: 'pre-roll', 'change-device': 'asking', 'microphone-lost': 'idle' },
  },
  'pre-roll': {
    label: 'Get ready',
    says: '',
    how: 'assertive',
    exits: {
      punched: 'recording',
      'not-started': 'rest',
      interrupted: 'rest',
      'microphone-lost': 'idle',
      stop: 'rest',
      discard: 'rest',
      'change-device': 'asking',
      restore: 'stay',
      'set-aside': 'stay',
      close: 'idle',
    },
  },
  recording: {
    label: 'Recording',
    says: 'Recording',
    how: 'assertive',
    exits: { ...endings, stop: 'stay', outlasts: 'extending', interrupted: 'interrupted' },
  },
  extending: {
    label: 'Recording',
    says: 'You may stop whenever you like',
    how: 'polite',
    exits: { ...endings, stop: 'stopping', interrupted: 'interrupted' },
  },
  interrupted: {
    label: 'Paused',
    detail: 'What you recorded is safe. Nothing is recorded now.',
    says: '',
    how: 'assertive',
    exits: { ...endings, stop: 'stopping', resumed: 'back', interrupted: 'stay' },
  },
  stopping: {
    label: 'Stopping',
    detail: 'The last samples are on their way.',
    says: 'Stopping',
    how: 'polite',
    exits: {
      captured: 'kept',
      'nothing-captured': 'rest',
      'microphone-lost': 'stay',
      discard: 'stay',
      restore: 'stay',
      'set-aside': 'stay',
    },
  },
  reviewing: {
    label: 'Your take',
    detail: SAFE,
    says: 'Recorded and safe on this device. Press Space to listen, Control Enter to publish',
    how: 'polite',
    exits: reviewing,
  },
  recovered: {
    label: 'We kept your take',
    detail: SAFE,
    says: 'We kept your take. Press Space to listen, Control Enter to publish',
    how: 'polite',
    exits: reviewing,
  },
  publishing: {
    label: 'Publishing',
    says: 'Publishing',
    how: 'polite',
    exits: {
      stop: 'reviewing',
      published: 'live',
      queued: 'queued',
      'not-published': 'failed',
      restore: 'stay',
    },
  },
  queued: {
    label: 'Saved here, waiting for the network',
    detail: 'It is published by itself once you are online. You may leave.',
    says: 'Saved on this device. It is published by itself once you are online',
    how: 'polite',
    exits: { restore: 'stay', close: 'idle' },
  },
  failed: {
    label: 'Not published yet',
    detail: SAFE,
    says: '',
    how: 'assertive',
    exits: reviewing,
  },
  live: {
    label: 'Published',
    detail: 'It is being mixed now.',
    says: 'Published. It is being mixed now',
    how: 'polite',
    exits: { close: 'idle' },
  },
};

/** From the press of Record until capture ends; an interruption is part of it. */
export function isCapturing(phase: Phase): boolean {
  return phase === 'pre-roll' || isRunning(phase);
}

/** While samples of a take are here that are not in a file yet. */
export function isRunning(phase: Phase): boolean {
  return phase === 'recording' || phase === 'extending' || phase === 'interrupted';
}

/** While a take that is there is looked at. */
export function isReview(phase: Phase): boolean {
  return ['reviewing', 'recovered', 'publishing', 'queued', 'failed', 'live'].includes(phase);
}
