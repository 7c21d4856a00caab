// Single keys of a story's page. They never act while somebody types, or holds a modifier.
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';

export interface PageKeys {
  readonly toggle: () => void;
  readonly record: () => void;
  readonly seek: (samples: number) => void;
}

const SEEK_SAMPLES = 5 * SAMPLE_RATE;
/** Where keys have a meaning of their own. */
const OWN_KEYS = 'input, textarea, select, [contenteditable], dialog[open]';
/** What Space presses by itself. */
const PRESSED_BY_SPACE = 'button, summary, [role="button"]';

/** Listens on the page; returns the way to stop. */
export function listenForKeys({ toggle, record, seek }: PageKeys): () => void {
  const onkeydown = (event: KeyboardEvent): void => {
    const { target } = event;
    if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
    if (!(target instanceof Element) || target.closest(OWN_KEYS) !== null) return;
    if (event.key === ' ') {
      if (target.closest(PRESSED_BY_SPACE) !== null) return;
      toggle();
    } else if (event.key.toLowerCase() === 'r' && !event.shiftKey && !event.repeat) record();
    else if (event.shiftKey && event.key === 'ArrowLeft') seek(-SEEK_SAMPLES);
    else if (event.shiftKey && event.key === 'ArrowRight') seek(SEEK_SAMPLES);
    else return;
    event.preventDefault();
  };
  addEventListener('keydown', onkeydown);
  return () => removeEventListener('keydown', onkeydown);
}
