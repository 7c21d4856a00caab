// The recorder's states and what leads from one to the next: pure, so that every race is testable.

/** What the recorder is doing. A take that exists is held in every phase from `stopping` on. */
export type Phase =
  | 'idle'
  | 'asking'
  | 'denied'
  | 'no-input'
  | 'armed'
  | 'pre-roll'
  | 'recording'
  | 'extending'
  | 'stopping'
  | 'reviewing'
  | 'publishing'
  | 'failed'
  | 'live';

export interface RecorderState {
  readonly phase: Phase;
  /**
   * Number of the person's latest command. Whatever work a command starts reports under its
   * number, and reports under an older number change nothing: a stop is never overtaken by a start.
   */
  readonly intent: number;
  /** Stop was asked for before the take left a tail; it happens as soon as there is one. */
  readonly stopWaits: boolean;
  /** What the person should know, in one or two sentences. */
  readonly notice: string | null;
}

/** Commands of the person. Each takes the next intent number. */
export type Command =
  | { readonly type: 'open' }
  | { readonly type: 'record' }
  /** Ends a take or a publication, which keeps the take; in the pre-roll nothing is kept. */
  | { readonly type: 'stop' }
  | { readonly type: 'discard' }
  | { readonly type: 'restore' }
  /** A file was chosen, to be reviewed like a recording. */
  | { readonly type: 'choose' }
  | { readonly type: 'publish' }
  | { readonly type: 'close' };

/** Reports of the work that the command of this intent started. */
export type Report = { readonly intent: number } & (
  | { readonly type: 'granted' }
  | { readonly type: 'refused'; readonly why: 'denied' | 'no-input' }
  | { readonly type: 'not-started'; readonly notice: string }
  /** The first sample that belongs to the take has arrived. */
  | { readonly type: 'punched' }
  /** The take is longer than its parent: it leaves a tail. */
  | { readonly type: 'outlasts' }
  /** Capture ends by itself: the longest take is reached, or the microphone left. */
  | { readonly type: 'ends'; readonly notice: string }
  | { readonly type: 'captured' }
  | { readonly type: 'nothing-captured'; readonly notice: string }
  | { readonly type: 'published' }
  | { readonly type: 'not-published'; readonly notice: string }
);

export const initialState: RecorderState = {
  phase: 'idle',
  intent: 0,
  stopWaits: false,
  notice: null,
};

/** Phases in which each command means something; elsewhere it is ignored. */
const allowed: Record<Command['type'], readonly Phase[]> = {
  open: ['idle', 'denied', 'no-input'],
  record: ['armed'],
  stop: ['pre-roll', 'recording', 'extending', 'publishing'],
  discard: ['pre-roll', 'recording', 'extending', 'reviewing', 'failed'],
  restore: ['idle', 'armed'],
  choose: ['idle', 'armed', 'denied', 'no-input'],
  publish: ['reviewing', 'failed'],
  close: ['idle', 'asking', 'denied', 'no-input', 'armed', 'pre-roll', 'live'],
};

/** Whether a command would change anything now: what decides which buttons are enabled. */
export function can(state: RecorderState, type: Command['type']): boolean {
  return allowed[type].includes(state.phase);
}

/** Where each command leads; `rest` is `armed` with an open microphone and `idle` without. */
const leads: Record<Exclude<Command['type'], 'stop'>, Phase | 'rest'> = {
  open: 'asking',
  record: 'pre-roll',
  discard: 'rest',
  restore: 'reviewing',
  choose: 'reviewing',
  publish: 'publishing',
  close: 'idle',
};

/**
 * The state after a command of the person. An ignored command gives back the same object; any
 * other but a stop of a running take has the next intent number, under which its work reports.
 * @param microphone whether the microphone is open
 */
export function command(
  state: RecorderState,
  { type }: Command,
  { microphone }: { microphone: boolean },
): RecorderState {
  if (!can(state, type)) return state;
  // A running take is stopped under its own number: its capture reports what was kept.
  if (type === 'stop' && state.phase === 'recording') return { ...state, stopWaits: true };
  if (type === 'stop' && state.phase === 'extending') return { ...state, phase: 'stopping' };
  const stopped = state.phase === 'publishing' ? 'reviewing' : 'rest';
  const to = type === 'stop' ? stopped : leads[type];
  const rest = microphone ? 'armed' : 'idle';
  return {
    phase: to === 'rest' ? rest : to,
    intent: state.intent + 1,
    stopWaits: false,
    notice: null,
  };
}

/** Where each report leads from the phases in which it means something. */
const moves: Record<Exclude<Report['type'], 'refused'>, Partial<Record<Phase, Phase>>> = {
  granted: { asking: 'armed' },
  'not-started': { asking: 'idle', 'pre-roll': 'armed' },
  punched: { 'pre-roll': 'recording' },
  outlasts: { recording: 'extending' },
  ends: { recording: 'stopping', extending: 'stopping' },
  captured: { stopping: 'reviewing' },
  'nothing-captured': { recording: 'armed', extending: 'armed', stopping: 'armed' },
  published: { publishing: 'live' },
  'not-published': { publishing: 'failed' },
};

/** The state after a report. Reports of an older intent, or out of place, change nothing. */
export function report(state: RecorderState, event: Report): RecorderState {
  if (event.intent !== state.intent) return state;
  const phase =
    event.type === 'refused'
      ? state.phase === 'asking'
        ? event.why
        : undefined
      : moves[event.type][state.phase];
  if (phase === undefined) return state;
  return {
    ...state,
    phase: event.type === 'outlasts' && state.stopWaits ? 'stopping' : phase,
    notice: 'notice' in event ? event.notice : state.notice,
  };
}

/** From the press of Record until capture stops. */
export function isCapturing(phase: Phase): boolean {
  return phase === 'pre-roll' || phase === 'recording' || phase === 'extending';
}

const holding: ReadonlySet<Phase> = new Set([
  'recording',
  'extending',
  'stopping',
  'reviewing',
  'publishing',
  'failed',
]);

/** Whether a take is held that would be lost with the page. */
export function holdsTake(phase: Phase): boolean {
  return holding.has(phase);
}
