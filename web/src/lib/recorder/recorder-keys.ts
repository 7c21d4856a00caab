// The recorder's keys, which are its own while it is open, and never a typist's.
import type { Recorder } from './recorder.svelte.ts';
import type { ReviewPlayer } from './review-player.svelte.ts';

interface Keyed {
  readonly recorder: Recorder;
  readonly review: ReviewPlayer;
  /** Whether something is the recorder's own. */
  readonly owns: (target: Node) => boolean;
  /** Told on Control Enter: checks what was typed, and publishes. */
  readonly submit: () => void;
  /** Told on Escape. */
  readonly leave: () => void;
}

/** Does what a key means: R records and stops, Space listens, M mutes, Escape ends or leaves. */
export function onRecorderKey(event: KeyboardEvent, keyed: Keyed): void {
  if (event.defaultPrevented || event.altKey || event.metaKey || event.repeat) return;
  if (isInDialog(event.target)) return;
  const act = actionFor(event, keyed);
  if (act === null) return;
  act();
  event.preventDefault();
  event.stopPropagation();
}

function actionFor(
  { key, ctrlKey, target }: KeyboardEvent,
  { recorder, review, owns, submit, leave }: Keyed,
): (() => void) | null {
  const name = key.toLowerCase();
  if (name === 'escape') return leave;
  if (ctrlKey) return name === 'enter' && !isElsewhere(target, owns) ? submit : null;
  if (isField(target)) return null;
  const { heard } = recorder.chosen;
  switch (name) {
    case 'r':
      return () => {
        review.rewind();
        recorder.toggle();
      };
    case ' ':
      return heard === null || isPressed(target) ? null : () => void review.toggle(heard);
    case 'm':
      return heard === null ? null : () => review.mute(!review.muted);
    default:
      return null;
  }
}

/** Whether Space already means something there. */
function isPressed(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('button, a, label, summary, select') !== null;
}

/** Whether letters are typed there: a slider takes none. */
function isField(target: EventTarget | null): boolean {
  if (target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && target.type !== 'range' && target.type !== 'radio';
}

/** Whether it is typed into another part of the page, and sent from there. */
function isElsewhere(target: EventTarget | null, owns: Keyed['owns']): boolean {
  return isField(target) && target instanceof Node && !owns(target);
}

/** A question over the page has keys of its own. */
function isInDialog(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('dialog') !== null;
}
