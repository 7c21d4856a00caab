// What lock screens and media keys show and do.
import { secondsToSamples } from '#domain/timeline/samples.ts';

export interface SessionActs {
  readonly play: () => void;
  readonly pause: () => void;
  readonly seek: (samples: number) => void;
}

/** Tells the system what plays, and what its keys do. Does nothing where there is no such thing. */
export function describeSession(what: { title: string; artist: string }, acts: SessionActs): void {
  if (typeof navigator === 'undefined' || !('mediaSession' in navigator)) return;
  const { mediaSession } = navigator;
  mediaSession.metadata = new MediaMetadata({ title: what.title, artist: what.artist });
  mediaSession.setActionHandler('play', acts.play);
  mediaSession.setActionHandler('pause', acts.pause);
  mediaSession.setActionHandler('seekto', ({ seekTime }) => {
    if (seekTime !== undefined) acts.seek(secondsToSamples(seekTime));
  });
}
