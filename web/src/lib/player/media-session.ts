// What lock screens and media keys show and do.
import { samplesToSeconds, secondsToSamples } from '#domain/timeline/samples.ts';

export interface SessionActs {
  play(): void;
  pause(): void;
  seek(samples: number): void;
}

function ourSession(): MediaSession | null {
  return typeof navigator !== 'undefined' && 'mediaSession' in navigator
    ? navigator.mediaSession
    : null;
}

/** Tells the system what plays, and what its keys do. Does nothing where there is no such thing. */
export function describeSession(what: { title: string; artist: string }, acts: SessionActs): void {
  const mediaSession = ourSession();
  if (mediaSession === null) return;
  mediaSession.metadata = new MediaMetadata({ title: what.title, artist: what.artist });
  mediaSession.setActionHandler('play', () => acts.play());
  mediaSession.setActionHandler('pause', () => acts.pause());
  mediaSession.setActionHandler('seekto', ({ seekTime }) => {
    if (seekTime !== undefined) acts.seek(secondsToSamples(seekTime));
  });
}

export interface SessionSteps {
  readonly step: (way: 'next' | 'previous') => void;
  readonly jump: (samples: number) => void;
}

/** How far a key of the system jumps if it does not say. */
const JUMP_SECONDS = 5;

function by(seconds: number | null | undefined): number {
  return secondsToSamples(seconds ?? JUMP_SECONDS);
}

/** Lets the system's keys go from take to take, and back and forth. */
export function listenToSystemKeys({ step, jump }: SessionSteps): void {
  const mediaSession = ourSession();
  if (mediaSession === null) return;
  mediaSession.setActionHandler('previoustrack', () => step('previous'));
  mediaSession.setActionHandler('nexttrack', () => step('next'));
  mediaSession.setActionHandler('seekbackward', ({ seekOffset }) => jump(-by(seekOffset)));
  mediaSession.setActionHandler('seekforward', ({ seekOffset }) => jump(by(seekOffset)));
}

/** Tells the system where on the path one is. */
export function showPlace(place: {
  readonly durationSamples: number;
  readonly positionSamples: number;
  readonly speed: number;
}): void {
  const mediaSession = ourSession();
  if (mediaSession === null) return;
  const duration = samplesToSeconds(place.durationSamples);
  mediaSession.setPositionState({
    duration,
    position: Math.min(duration, samplesToSeconds(place.positionSamples)),
    playbackRate: place.speed,
  });
}

/** The keys that this page listens to. */
const KEYS: readonly MediaSessionAction[] = [
  'play',
  'pause',
  'seekto',
  'previoustrack',
  'nexttrack',
  'seekbackward',
  'seekforward',
];

/** Nothing of this page plays any more: the system shows nothing of it, and its keys do nothing here. */
export function leaveSession(): void {
  const mediaSession = ourSession();
  if (mediaSession === null) return;
  for (const key of KEYS) mediaSession.setActionHandler(key, null);
  mediaSession.metadata = null;
  mediaSession.setPositionState();
}
