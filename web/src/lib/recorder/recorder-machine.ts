// What leads from one of the recorder's states to the next: pure, so that every race is testable.
import type { TakeId } from '#domain/story/ids.ts';
import {
  isRunning,
  phases,
  type CommandType,
  type Exit,
  type Phase,
  type ReportType,
} from './recorder-phases.ts';

export interface RecorderState {
  readonly phase: Phase;
  /**
   * Number of the person's latest command. Whatever work a command starts reports under its
   * number, and reports under an older number change nothing: a stop is never overtaken by a start.
   */
  readonly intent: number;
  /** What the person should know, in one or two sentences. */
  readonly notice: string | null;
  /** Whether a microphone is open. */
  readonly microphone: boolean;
  /** The take in the making, from Record on; its audio is there from the first sample on. */
  readonly running: TakeId | null;
  /** What becomes of the running take once it is captured; with `device`, another microphone. */
  readonly outcome: 'review' | 'discard' | 'device';
  /** Stop was asked for before the take left a tail; it happens as soon as there is one. */
  readonly stopWaits: boolean;
  /** What an interruption interrupts. */
  readonly interrupts: 'recording' | 'extending';
  /** The takes that were made and are neither published nor discarded, oldest first. */
  readonly held: readonly TakeId[];
  /** Which of them is in review. */
  readonly chosen: TakeId | null;
  /** Takes that were discarded and can still be taken back. */
  readonly discarded: readonly TakeId[];
}

/** Commands of the person. */
export type Command =
  | { readonly type: 'open' | 'again' | 'review' | 'publish' | 'close' }
  /** Another microphone; a running take ends and is kept. */
  | { readonly type: 'change-device' }
  | { readonly type: 'record'; readonly takeId: TakeId }
  /** Ends a take or a publication, which keeps the take; in the pre-roll nothing is kept. */
  | { readonly type: 'stop' }
  /** Lets a held take go, or without an id the running or chosen one; `restore` undoes it. */
  | { readonly type: 'discard'; readonly takeId?: TakeId }
  | { readonly type: 'restore' | 'pick'; readonly takeId: TakeId }
  /** A file that was chosen, or a take that was kept: to be reviewed like a recording. */
  | { readonly type: 'take-in'; readonly takeId: TakeId; readonly recovered: boolean }
  /** The same while another take is made: it is held beside that one. */
  | { readonly type: 'set-aside'; readonly takeId: TakeId };

/** Reports of the work that the command of this intent started. */
export type Report = { readonly intent: number } & (
  | { readonly type: Exclude<ReportType, Noticed> }
  | { readonly type: Noticed; readonly notice: string }
);
type Noticed = 'not-started' | 'interrupted' | 'ends' | 'nothing-captured' | 'not-published';

/** What is so, whoever asked for what. */
export type Fact =
  | { readonly type: 'microphone-lost'; readonly notice: string }
  | { readonly type: 'allowed' }
  | { readonly type: 'undo-expired'; readonly takeId: TakeId };

export const initialState: RecorderState = {
  phase: 'idle',
  intent: 0,
  notice: null,
  microphone: false,
  running: null,
  outcome: 'review',
  stopWaits: false,
  interrupts: 'recording',
  held: [],
  chosen: null,
  discarded: [],
};

/** What a command needs beside a state in which it means something. */
const needs: Partial<Record<CommandType, (state: RecorderState) => boolean>> = {
  restore: ({ discarded }) => discarded.length > 0,
  review: ({ held }) => held.length > 0,
  pick: ({ held }) => held.length > 0,
  publish: ({ chosen }) => chosen !== null,
  discard: ({ running, held }) => running !== null || held.length > 0,
};

/** Whether a command would change anything now: what decides which buttons are enabled. */
export function can(state: RecorderState, type: CommandType): boolean {
  return phases[state.phase].exits[type] !== undefined && (needs[type]?.(state) ?? true);
}

/**
 * The state after a command. An ignored command gives back the same object. One that leads to
 * another phase has the next intent number, under which its work reports; only what ends a running
 * take goes under the take's own number, since its capture still has to report what was kept.
 */
export function command(state: RecorderState, given: Command): RecorderState {
  if (!can(state, given.type)) return state;
  const takeId = 'takeId' in given ? (given.takeId ?? null) : null;
  const effect = commanded[given.type];
  const changed = effect === undefined ? {} : effect(state, takeId);
  if (changed === null) return state;
  const next = { ...state, ...changed };
  const phase =
    given.type === 'take-in' && given.recovered
      ? 'recovered'
      : leads(next, phases[state.phase].exits[given.type] ?? 'stay');
  if (phase === state.phase && given.type !== 'take-in') return { ...next, notice: state.notice };
  const ends = isRunning(state.phase);
  return { ...next, phase, notice: null, intent: ends ? state.intent : state.intent + 1 };
}

type Change = Partial<RecorderState>;

/** What commands change but the phase; null if they name a take that is not there. */
const commanded: Partial<
  Record<CommandType, (state: RecorderState, takeId: TakeId | null) => Change | null>
> = {
  record: (_, running) => ({ running, outcome: 'review', stopWaits: false }),
  stop: ({ phase }) =>
    phase === 'pre-roll' ? { running: null } : { stopWaits: phase === 'recording' },
  'change-device': ({ phase }) => {
    if (phase === 'pre-roll') return { running: null };
    return isRunning(phase) ? { outcome: 'device' } : {};
  },
  discard: discarded,
  restore: (state, id) =>
    id !== null && state.discarded.includes(id) ? restored(state, id) : null,
  pick: ({ held }, id) => (id !== null && held.includes(id) ? { chosen: id } : null),
  'take-in': ({ held }, id) => (id === null ? null : { held: [...held, id], chosen: id }),
  'set-aside': ({ held }, id) => (id === null ? null : { held: [...held, id] }),
  review: ({ chosen, held }) => ({ chosen: chosen ?? held.at(-1) ?? null }),
  close: () => ({ microphone: false, running: null }),
};

function discarded(state: RecorderState, takeId: TakeId | null): Change | null {
  if (takeId === null && state.phase === 'pre-roll') return { running: null };
  if (takeId === null && state.running !== null) return { outcome: 'discard' };
  const gone = takeId ?? state.chosen;
  if (gone === null || !state.held.includes(gone) || state.running !== null) return null;
  const held = state.held.filter((id) => id !== gone);
  const chosen = state.chosen === gone ? (held.at(-1) ?? null) : state.chosen;
  return { held, chosen, discarded: [...state.discarded, gone] };
}

/** A take that was taken back is in review, unless something else is going on. */
function restored(state: RecorderState, takeId: TakeId): Change {
  const moves = phases[state.phase].exits.restore !== 'stay';
  return {
    held: [...state.held, takeId],
    discarded: state.discarded.filter((id) => id !== takeId),
    chosen: moves ? takeId : state.chosen,
  };
}

/** The state after a report. Reports of an older intent, or out of place, change nothing. */
export function report(state: RecorderState, event: Report): RecorderState {
  const exit = phases[state.phase].exits[event.type];
  if (event.intent !== state.intent || exit === undefined) return state;
  const next = { ...state, ...reported[event.type]?.(state) };
  const phase = event.type === 'outlasts' && state.stopWaits ? 'stopping' : leads(next, exit);
  const notice = 'notice' in event ? event.notice : next.notice;
  // Another microphone is new work, which no late report of the take may touch.
  const asks = event.type === 'captured' && phase === 'asking';
  return { ...next, phase, notice, intent: asks ? state.intent + 1 : state.intent };
}

/** What reports change but the phase and the notice. */
const reported: Partial<Record<ReportType, (state: RecorderState) => Change>> = {
  granted: () => ({ microphone: true }),
  denied: () => ({ microphone: false }),
  interrupted: ({ phase }) => {
    if (phase === 'pre-roll') return { running: null };
    return phase === 'recording' || phase === 'extending' ? { interrupts: phase } : {};
  },
  resumed: () => ({ notice: null }),
  captured,
  'nothing-captured': () => ({ running: null }),
  'not-started': () => ({ running: null }),
  published: () => ({ held: [], chosen: null }),
  queued: ({ held, chosen }) => ({ held: held.filter((id) => id !== chosen), chosen: null }),
};

function captured({ running, outcome, held, discarded }: RecorderState): Change {
  if (running === null) return {};
  if (outcome === 'discard') return { running: null, discarded: [...discarded, running] };
  return { running: null, held: [...held, running], chosen: running };
}

/** The state after a fact; facts carry no number, for they are true whatever was asked for. */
export function fact(state: RecorderState, event: Fact): RecorderState {
  if (event.type === 'undo-expired') {
    const discarded = state.discarded.filter((id) => id !== event.takeId);
    return discarded.length === state.discarded.length ? state : { ...state, discarded };
  }
  const exit = phases[state.phase].exits[event.type];
  if (event.type === 'allowed')
    return exit === undefined
      ? state
      : { ...state, phase: leads(state, exit), notice: 'The microphone is allowed now.' };
  if (!state.microphone) return state;
  const next = { ...state, microphone: false };
  if (exit === undefined) return next;
  const running = state.phase === 'pre-roll' ? null : state.running;
  return { ...next, running, phase: leads(next, exit), notice: event.notice };
}

function leads(state: RecorderState, exit: Exit): Phase {
  const rest = state.microphone ? 'armed' : 'idle';
  if (exit === 'stay') return state.phase;
  if (exit === 'rest') return rest;
  if (exit === 'shelf') return state.held.length > 0 ? 'reviewing' : rest;
  if (exit === 'back') return state.interrupts;
  if (exit !== 'kept') return exit;
  if (state.outcome === 'device') return 'asking';
  return state.outcome === 'discard' ? rest : 'reviewing';
}

/** Takes whose audio is there. */
export function audible(state: RecorderState): readonly TakeId[] {
  const running = isRunning(state.phase) || state.phase === 'stopping' ? state.running : null;
  return [...state.held, ...state.discarded, ...(running === null ? [] : [running])];
}

/** Those, and the one that is about to be captured. */
export function everyTake(state: RecorderState): readonly TakeId[] {
  return state.running === null ? audible(state) : [...audible(state), state.running];
}

/** Whether a take is here that would be lost with the page. */
export function holdsTake(state: RecorderState): boolean {
  return state.held.length > 0 || audible(state).length > state.discarded.length;
}
