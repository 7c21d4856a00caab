// What a person is told of a path as a file: what each format is for, and how far it is.
import type { ExportFormat } from '#domain/media/export-spec.ts';
import type { DownloadState } from '#domain/protocol/downloads.ts';
import { countOf, formatBytes } from '../ui/format.ts';

export const formatWords: Record<ExportFormat, { readonly name: string; readonly use: string }> = {
  flac: { name: 'FLAC', use: 'Lossless, to edit or to archive' },
  m4a: { name: 'M4A', use: 'Small and clear, for phones' },
  mp3: { name: 'MP3', use: 'Plays everywhere' },
  stems: { name: 'Stems', use: 'Every take by itself, with a cue sheet for your DAW' },
};

/** One line under a format. */
export function describeDownload(format: ExportFormat, at: DownloadState, nowMs: number): string {
  switch (at.state) {
    case 'waiting':
      return at.ahead === 0 ? 'It is next…' : `Waiting for ${countOf(at.ahead, 'other')}…`;
    case 'working':
      return `${format === 'stems' ? 'Packing' : 'Mixing'} ${Math.floor(at.done * 100)} %`;
    case 'ready':
      return `Ready, ${formatBytes(at.bytes)}, kept until ${dayAndTime(at.untilMs, nowMs)}`;
    case 'failed':
      return 'This file could not be made. The story is as it was; try again.';
  }
}

/** What a screen reader is told when a file comes to this; percents are not read out. */
export function announceDownload(format: ExportFormat, at: DownloadState): string {
  const { name } = formatWords[format];
  switch (at.state) {
    case 'waiting':
      return at.ahead === 0
        ? `${name} is next.`
        : `${name} waits for ${countOf(at.ahead, 'other')}.`;
    case 'working':
      return `${name} is being made.`;
    case 'ready':
      return `${name} is ready to download, ${formatBytes(at.bytes)}.`;
    case 'failed':
      return `${name} could not be made.`;
  }
}

/** "today 14:02", "tomorrow 14:02": files are kept for a day, so there is nothing further. */
function dayAndTime(ms: number, nowMs: number): string {
  const [then, now] = [new Date(ms), new Date(nowMs)];
  const time = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short' }).format(then);
  return `${then.toDateString() === now.toDateString() ? 'today' : 'tomorrow'} ${time}`;
}
