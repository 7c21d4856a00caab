// A path as one file to keep: everything that decides its bytes, settled when it is asked for.
import * as v from 'valibot';
import { asciiWords } from '../story/ascii-words.ts';
import { lanesPlanSchema, planLanes } from '../timeline/lanes-plan.ts';
import { cueSheet, stemFileNames, stemsReadMe, type CueTake } from './cue-sheet.ts';

/** Raise when the worker's output for the same spec changes; one line per version. */
export const EXPORT_VERSION = 1; // 1: two lanes, fades of 5 ms, limiter at -1 dBTP

export const mixFormatSchema = v.picklist(['flac', 'm4a', 'mp3']);
export type MixFormat = v.InferOutput<typeof mixFormatSchema>;
export const exportFormatSchema = v.picklist([...mixFormatSchema.options, 'stems']);
export type ExportFormat = v.InferOutput<typeof exportFormatSchema>;

const storedSchema = v.object({ objectKey: v.string(), sha256: v.string() });

const tagsSchema = v.object({ title: v.string(), artist: v.string(), comment: v.string() });
export type Tags = v.InferOutput<typeof tagsSchema>;

/** The mix of a path, as one recording. */
const mixSpecSchema = v.object({
  format: mixFormatSchema,
  plan: lanesPlanSchema,
  /** Where each stem of the plan lies. */
  stems: v.array(storedSchema),
  tags: tagsSchema,
});
export type MixSpec = v.InferOutput<typeof mixSpecSchema>;

/** The stems of a path, with what it takes to lay them out, as a zip. */
const stemsSpecSchema = v.object({
  format: v.literal('stems'),
  /** The folder that everything in the zip lies in. */
  folder: v.string(),
  recordings: v.array(
    v.object({
      ...storedSchema.entries,
      name: v.string(),
      bytes: v.number(),
      madeAtMs: v.number(),
    }),
  ),
  texts: v.array(v.object({ name: v.string(), text: v.string(), madeAtMs: v.number() })),
});
export type StemsSpec = v.InferOutput<typeof stemsSpecSchema>;

export const exportSpecSchema = v.variant('format', [mixSpecSchema, stemsSpecSchema]);
export type ExportSpec = v.InferOutput<typeof exportSpecSchema>;

/** The text to hash into an export's key: equal specs of one version have equal text. */
export function exportKeyText(spec: ExportSpec): string {
  return JSON.stringify([EXPORT_VERSION, spec]);
}

/** A take of a path that somebody asks for. */
export interface ExportTake extends CueTake {
  readonly words: string;
  readonly createdAtMs: number;
  /** Null for what has no stem, and for a take that is hidden from whoever asks. */
  readonly stem: {
    readonly objectKey: string;
    readonly sha256: string;
    readonly bytes: number;
    readonly gainDb: number;
  } | null;
}

/** A path, seed first, as somebody may hear it. */
export interface ExportPath {
  readonly title: string;
  /** The whole address of the path's page. */
  readonly address: string;
  readonly takes: readonly ExportTake[];
}

/** What is to be made of a path in a format. */
export function exportSpec(path: ExportPath, format: ExportFormat): ExportSpec {
  return format === 'stems' ? stemsSpec(path) : mixSpec(path, format);
}

function mixSpec(path: ExportPath, format: MixFormat): MixSpec {
  const stems = path.takes.flatMap(({ stem }) =>
    stem === null ? [] : [{ objectKey: stem.objectKey, sha256: stem.sha256 }],
  );
  return {
    format,
    plan: planLanes(path.takes),
    stems,
    tags: { title: path.title, artist: voicesOf(path), comment: path.address },
  };
}

function stemsSpec(path: ExportPath): StemsSpec {
  const { takes } = path;
  const names = stemFileNames(takes);
  const madeAtMs = Math.max(...takes.map((take) => take.createdAtMs));
  const recordings = takes.flatMap(({ stem, createdAtMs }, index) => {
    const name = names[index];
    if (stem === null || name === undefined || name === null) return [];
    const { objectKey, sha256, bytes } = stem;
    return [{ name, objectKey, sha256, bytes, madeAtMs: createdAtMs }];
  });
  const written = takes.flatMap(({ kind, words, createdAtMs }, index) => {
    const name = names[index];
    if (kind !== 'text' || name === undefined || name === null) return [];
    return [{ name, text: `${words}\n`, madeAtMs: createdAtMs }];
  });
  return {
    format: 'stems',
    folder: `${asciiWords(path.title).join('-').slice(0, 60) || 'story'}-stems`,
    recordings,
    texts: [
      { name: 'README.txt', text: stemsReadMe(path, takes), madeAtMs },
      { name: 'cue-sheet.tsv', text: cueSheet(takes), madeAtMs },
      ...written,
    ],
  };
}

/** Most names that are told of a path's voices. */
const MOST_NAMES = 12;

/** The voices of a path, each once, in the order in which they are heard. */
function voicesOf({ takes }: ExportPath): string {
  const names = [...new Set(takes.flatMap(({ heard, voice }) => (heard ? [voice] : [])))];
  const more = names.length - MOST_NAMES;
  if (more <= 0) return names.join(', ');
  return `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more`;
}

/** Characters that some file system or shell has a meaning for. */
const UNSAFE = /[\p{Cc}\p{Cf}"*/:<>?\\|]+/gu;

/**
 * The name under which a browser keeps it: `The river, to Jo.flac`.
 * @param ending the voice of the path's last take
 */
export function downloadName(title: string, ending: string, format: ExportFormat): string {
  const stem = `${title}, to ${ending}`.replaceAll(UNSAFE, ' ').trim().slice(0, 120).trim();
  return `${stem}${format === 'stems' ? ' (stems).zip' : `.${format}`}`;
}
