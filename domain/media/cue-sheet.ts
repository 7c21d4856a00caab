// The stems of a path as files, and the sheet from which they are laid out again in any DAW.
import { asciiWords } from '../story/ascii-words.ts';
import type { TakeId } from '../story/ids.ts';
import type { TakeKind } from '../story/take.ts';
import { endOf, type Span } from '../timeline/duet.ts';
import { laneOf } from '../timeline/lanes-plan.ts';
import { SAMPLE_RATE } from '../timeline/samples.ts';

/** A take of a path as the sheet tells of it. */
export interface CueTake extends Span {
  readonly id: TakeId;
  readonly kind: TakeKind;
  /** False for a take that is hidden from whoever asks: its place is told, and nothing else. */
  readonly heard: boolean;
  readonly voice: string;
  /** Gain of the stem in the mix, dB; null for what has no stem. */
  readonly gainDb: number | null;
}

/** What is said of a recording's licence while its voice has stated none. */
const LICENCE_UNSTATED = 'none stated';

const COLUMNS = [
  'number',
  'file',
  'track',
  'voice',
  'kind',
  'start_sample',
  'length_samples',
  'start_time',
  'length_time',
  'gain_db',
  'licence',
  'take_id',
] as const;

/** Longest part of a file's name that a voice gives. */
const MAX_VOICE_LENGTH = 32;
/** Samples of a path fit in ten digits; so padded, names sort by time. */
const SAMPLE_DIGITS = 10;
const NEWLINE = '\r\n';

/**
 * The name of each take's file, in the path's order: `01-mira-0000123456.flac`. Lower-case ASCII
 * letters, digits and hyphens, unlike whatever case is counted as, so that every system can unpack
 * it. Null for a take that has no file.
 */
export function stemFileNames(takes: readonly CueTake[]): (string | null)[] {
  const digits = Math.max(2, String(takes.length).length);
  return takes.map((take, index) => {
    if (!take.heard) return null;
    const number = String(index + 1).padStart(digits, '0');
    const voice = asciiWords(take.voice).join('-').slice(0, MAX_VOICE_LENGTH).replace(/-$/u, '');
    const start = String(take.startSamples).padStart(SAMPLE_DIGITS, '0');
    const extension = take.kind === 'text' ? 'txt' : 'flac';
    return `${number}-${voice === '' ? 'voice' : voice}-${start}.${extension}`;
  });
}

/** The cue sheet of a path: tab-separated, UTF-8, one line of names and one for each take. */
export function cueSheet(takes: readonly CueTake[]): string {
  const names = stemFileNames(takes);
  const rows = takes.map((take, index): Record<(typeof COLUMNS)[number], string> => ({
    number: String(index + 1),
    file: names[index] ?? '',
    track: String(laneOf(index) + 1),
    voice: take.heard ? cell(take.voice) : '',
    kind: take.heard ? take.kind : 'hidden',
    start_sample: String(take.startSamples),
    length_samples: String(take.durationSamples),
    start_time: exactTime(take.startSamples),
    length_time: exactTime(take.durationSamples),
    gain_db: take.gainDb === null ? '' : take.gainDb.toFixed(1),
    licence: take.heard ? LICENCE_UNSTATED : '',
    take_id: take.id,
  }));
  const lines = rows.map((row) => COLUMNS.map((name) => row[name]));
  return [COLUMNS, ...lines].map((line) => line.join('\t') + NEWLINE).join('');
}

/** What the files are and how to lay them out, for whoever opens the folder first. */
export function stemsReadMe(
  story: { readonly title: string; readonly address: string },
  takes: readonly CueTake[],
): string {
  const end = Math.max(0, ...takes.map(endOf));
  const lines = [
    line(story.title),
    line(story.address),
    '',
    `One path through this story: ${takes.length} takes, ${exactTime(end)}.`,
    '',
    'THE FILES',
    'Each recording is as its voice made it: FLAC, 48,000 samples a second, mono, 16 bit, nothing',
    'added or taken away. Words that were written instead of spoken are text files. A name is the',
    "take's number, its voice, and the sample at which it starts.",
    '',
    'TO LAY THEM OUT IN A DAW',
    '1. Make a session at 48,000 Hz with two mono tracks.',
    '2. cue-sheet.tsv has a line for each take. Put each file on its track at its start_sample,',
    '   counted from 0. On a track nothing overlaps.',
    '3. To hear the mix that Tap Story plays: give each clip its gain_db, fade its edges in and out',
    `   over 5 ms, set both tracks to 0 dB, and limit their sum to -1 dBTP.`,
    'Times are hours:minutes:seconds, rounded to the millisecond; the samples are exact.',
    '',
    'RIGHTS',
    `A licence of "${LICENCE_UNSTATED}" means that the voice has given none: all rights stay with`,
    'them. Ask each voice before you publish anything made of their recording.',
  ];
  if (takes.some((take) => !take.heard)) {
    lines.push(
      '',
      'Takes of the kind "hidden" were hidden from you; they are silent in the mix and not here.',
    );
  }
  return lines.map((text) => text + NEWLINE).join('');
}

/** "0:01:02.345": hours, minutes, seconds, to the nearest millisecond. */
function exactTime(samples: number): string {
  const ms = Math.round((samples * 1_000) / SAMPLE_RATE);
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = ((ms % 60_000) / 1_000).toFixed(3);
  return `${hours}:${String(minutes).padStart(2, '0')}:${seconds.padStart(6, '0')}`;
}

/** Text in one line: tabs and line ends would be read as the sheet's own. */
function line(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
}

/** As `line`; and no spreadsheet takes it for a formula. */
function cell(text: string): string {
  return line(text).replace(/^[=+\-@]/u, "'$&");
}
