// What a person is told when an upload could not become a take: what happened, and what to do.
import type { TakeFailure } from './take.ts';

const words: Record<TakeFailure, string> = {
  empty: 'The file is empty. Record again, or choose another file.',
  not_audio:
    'This file is not audio that we can read. Try a WAV, FLAC, MP3, M4A, Ogg or WebM recording.',
  truncated: 'The file breaks off in the middle. Export it again, then upload the new copy.',
  too_long: 'This take is longer than a take may be. Trim it, then upload it again.',
  too_short: 'This take is too short to hear. Record a little more.',
  silent_stream: 'The file holds no audio track. Choose another file.',
  checksum_mismatch: 'The file arrived damaged. Upload it again.',
  does_not_outlast_parent: 'This take ends before the one it answers. Record a longer one.',
  internal: 'Something broke on our side while we prepared this take. We kept your recording.',
};

/** One or two plain sentences for the take's author. */
export function describeFailure(reason: TakeFailure): string {
  return words[reason];
}
