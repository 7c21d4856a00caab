import { afterFirstPaint } from '../live/page-events.ts';

/** What one writes and records with is here before the line goes. */
export async function loadWritingParts(): Promise<void> {
  await afterFirstPaint();
  await Promise.all([
    import('./Composer.svelte'),
    import('./WriteTake.svelte'),
    import('../recorder/Recorder.svelte'),
    import('../words/WordsEditor.svelte'),
  ]).catch(() => undefined);
}
