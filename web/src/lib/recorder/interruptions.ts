// What breaks into a running take: the device mutes or suspends the sound, headphones come or go,
// or a phone turns to something else. None of it ends the take by itself.

export type Interruption = 'output' | 'muted' | 'suspended' | 'hidden';

export interface InterruptionSources {
  readonly context: Pick<AudioContext, 'state' | 'addEventListener'>;
  readonly track: Pick<MediaStreamTrack, 'addEventListener'>;
  readonly page: Pick<Document, 'visibilityState' | 'addEventListener'>;
  /** A phone stops capture of a page that is out of sight; a computer does not. */
  readonly handheld: boolean;
}

/** Tells interruptions but that of the output, which the microphone tells, until `signal` aborts. */
export function watchInterruptions(
  { context, track, page, handheld }: InterruptionSources,
  onbreak: (why: Interruption) => void,
  signal: AbortSignal,
): void {
  const options = { signal };
  context.addEventListener(
    'statechange',
    () => {
      // Safari says "interrupted" where a call or another app takes the sound.
      if (context.state !== 'running' && context.state !== 'closed') onbreak('suspended');
    },
    options,
  );
  track.addEventListener('mute', () => onbreak('muted'), options);
  page.addEventListener(
    'visibilitychange',
    () => {
      if (handheld && page.visibilityState === 'hidden') onbreak('hidden');
    },
    options,
  );
}
