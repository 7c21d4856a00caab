// Single keys of a story's page. They never act while somebody types, or holds a modifier.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

export interface PageKeys {
  readonly toggle: () => void;
  readonly record: () => void;
  readonly like: () => void;
  readonly seek: (samples: number) => void;
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

function actOf(event: KeyboardEvent, target: Element, keys: PageKeys): (() => void) | null {
  switch (event.shiftKey ? `shift+${event.key}` : event.key.toLowerCase()) {
    case ' ':
      return target.closest(PRESSED_BY_SPACE) === null ? keys.toggle : null;
    case 'r':
      return event.repeat ? null : keys.record;
    case 'h':
      return event.repeat ? null : keys.like;
    case 'shift+ArrowLeft':
      return () => keys.seek(-SEEK_SAMPLES);
    case 'shift+ArrowRight':
      return () => keys.seek(SEEK_SAMPLES);
    default:
      return null;
  }
}
