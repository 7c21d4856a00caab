// Downloads of a path over HTTP: what may be asked for, and how far it is.
import * as v from 'valibot';
import { exportFormatSchema, type ExportFormat } from '../media/export-spec.ts';

/** Longest path that is made into a file, seconds. Its stems are at most two hours, some 700 MB. */
export const MAX_DOWNLOAD_SECONDS = 3_600;
/** Most takes of such a path. */
export const MAX_DOWNLOAD_TAKES = 2_000;
/** Files that are made for one person within an hour. One that is there already costs nothing. */
export const DOWNLOADS_PER_HOUR = 20;
/** How long a file is kept, hours. */
export const DOWNLOAD_HOURS = 24;

/** POST /api/takes/<takeId>/downloads: have the path to this take made into a file. */
export const askDownloadSchema = v.strictObject({ format: exportFormatSchema });

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** How far a file is. */
export const downloadStateSchema = v.variant('state', [
  /** Its turn comes after so many others. */
  v.object({ state: v.literal('waiting'), ahead: count }),
  /** Share done, 0 to 1. */
  v.object({ state: v.literal('working'), done: v.pipe(v.number(), v.minValue(0), v.maxValue(1)) }),
  /** `GET /api/takes/<takeId>/downloads/<format>` leads to it, until then. */
  v.object({ state: v.literal('ready'), bytes: count, untilMs: count }),
  /** It could not be made; asking again tries again. */
  v.object({ state: v.literal('failed') }),
]);
export type DownloadState = v.InferOutput<typeof downloadStateSchema>;

/** The answer to it, and to GET of the same: each format, null for one that nobody asked for. */
export const downloadsSchema = v.object({
  flac: v.nullable(downloadStateSchema),
  m4a: v.nullable(downloadStateSchema),
  mp3: v.nullable(downloadStateSchema),
  stems: v.nullable(downloadStateSchema),
} satisfies Record<ExportFormat, unknown>);
export type Downloads = v.InferOutput<typeof downloadsSchema>;
