// Single keys of a story's page. They never act while somebody types, or holds a modifier.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

export interface PageKeys {
  readonly toggle: () => void;
  readonly record: () => void;
  readonly like: () => void;
  readonly seek: (samples: number) => void;
  readonly slower: () => void;
  readonly faster: () => void;
  /** Copies a link to what is heard now. */
  readonly copyLink: () => void;
}

const SEEK_SAMPLES = 5 * SAMPLE_RATE;
/** Where keys have a meaning of their own. */
const OWN_KEYS = 'input, textarea, select, [contenteditable], dialog[open], .composer';
/** What Space presses by itself. */
const PRESSED_BY_SPACE = 'button, summary, [role="button"]';

/** Listens on the page; returns the way to stop. */
export function listenForKeys(keys: PageKeys): () => void {
  const onkeydown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (!(target instanceof Element) || target.closest(OWN_KEYS) !== null) return;
    const act = actOf(event, target, keys);
    if (act === null) return;
    event.preventDefault();
    act();
  };
  addEventListener('keydown', onkeydown);
  return () => removeEventListener('keydown', onkeydown);
}

/** Keys that act again while they are held down. */
const REPEATING: ReadonlySet<string> = new Set(['[', ']', 'shift+ArrowLeft', 'shift+ArrowRight']);

function actOf(event: KeyboardEvent, target: Element, keys: PageKeys): (() => void) | null {
  const key = event.shiftKey ? `shift+${event.key}` : event.key.toLowerCase();
  if (key === ' ') return target.closest(PRESSED_BY_SPACE) === null ? keys.toggle : null;
  if (event.repeat && !REPEATING.has(key)) return null;
  const acts: Record<string, () => void> = {
    r: keys.record,
    h: keys.like,
    y: keys.copyLink,
    '[': keys.slower,
    ']': keys.faster,
    'shift+ArrowLeft': () => keys.seek(-SEEK_SAMPLES),
    'shift+ArrowRight': () => keys.seek(SEEK_SAMPLES),
  };
  return acts[key] ?? null;
}
