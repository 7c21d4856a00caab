// Files of paths as people ask for them. Who may have one is not asked twice: the key of a file is
// the hash of all that is in it, so whoever may hear the same is led to the same file.
import { createHash, randomUUID } from 'node:crypto';
import { and, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import type { Person } from '#domain/access/policy.ts';
import {
  downloadName,
  exportFormatSchema,
  exportKeyText,
  exportSpec,
  type ExportFormat,
  type ExportPath,
  type ExportSpec,
} from '#domain/media/export-spec.ts';
import {
  DOWNLOADS_PER_HOUR,
  type Downloads,
  type DownloadState,
} from '#domain/protocol/downloads.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { pathExports } from '#drizzle/schema.ts';
import type { Database, Queryable, Transaction } from '../postgres/database.ts';
import { whileReachable } from '../postgres/query-error.ts';
import type { Queue } from '../queue/queue.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { readExportPath } from './export-path.ts';

/** How long the link to a file works, seconds. */
const LINK_SECONDS = 15 * 60;

type Row = typeof pathExports.$inferSelect;

/** What somebody asks about: the path to a take, on our pages at `origin`. */
export interface Asked {
  readonly takeId: TakeId;
  readonly origin: string;
}

/**
 * Has the path to a take made into a file, unless it is there or being made already. One that
 * failed is tried again.
 * @returns how far each format is
 * @throws {Problem} as `readExportPath`; `bad_request`: nothing would be heard in it;
 * `too_many_requests`
 */
export async function askExport(
  { db, queue }: { db: Database; queue: Queue },
  person: Person,
  { format, ...asked }: Asked & { format: ExportFormat },
): Promise<Downloads> {
  const path = await readExportPath(db, person, asked);
  const spec = exportSpec(path, format);
  refuseSilence(spec);
  const keySha256 = keyOf(spec);
  await whileReachable(() =>
    db.transaction(async (tx) => {
      // Of two who ask for the same at once, the second finds what the first wrote.
      await lock(tx, `export:${keySha256}`);
      const [known] = await tx
        .select()
        .from(pathExports)
        .where(eq(pathExports.keySha256, keySha256))
        .for('update');
      if (known !== undefined && isUsable(known)) return;
      await claimQuota(tx, person);
      // Its objects are swept under the id that it had.
      if (known !== undefined) await tx.delete(pathExports).where(eq(pathExports.id, known.id));
      const exportId = randomUUID();
      await tx.insert(pathExports).values({
        id: exportId,
        keySha256,
        takeId: asked.takeId,
        format,
        spec,
        requestedBy: person.id,
      });
      await queue.send('path.export', { exportId }, tx, { onBehalfOf: person.id });
    }),
  );
  return statesOf(db, path);
}

/**
 * How far each format of the path to a take is, as the viewer may hear it.
 * @throws {Problem} as `readExportPath`
 */
export async function exportStates(
  db: Queryable,
  viewer: Person | null,
  asked: Asked,
): Promise<Downloads> {
  return statesOf(db, await readExportPath(db, viewer, asked));
}

/**
 * A short-lived link to a file that is ready, under a name that people can read.
 * @throws {Problem} as `readExportPath`; `not_found`: it is not there, or not any more
 */
export async function exportLink(
  { db, objects }: { db: Queryable; objects: ObjectStore },
  viewer: Person | null,
  { format, ...asked }: Asked & { format: ExportFormat },
): Promise<string> {
  const path = await readExportPath(db, viewer, asked);
  const keySha256 = keyOf(exportSpec(path, format));
  const [row] = await whileReachable(() =>
    db
      .select({ objectKey: pathExports.objectKey })
      .from(pathExports)
      .where(and(eq(pathExports.keySha256, keySha256), gt(pathExports.until, sql`now()`))),
  );
  if (row === undefined || row.objectKey === null) {
    throw new Problem(
      'not_found',
      'This download is not there any more, or the path has changed. Ask for it again.',
    );
  }
  const ending = path.takes.at(-1)?.voice ?? '';
  return objects.signedGet(row.objectKey, {
    expiresInSeconds: LINK_SECONDS,
    downloadName: downloadName(path.title, ending, format),
  });
}

async function statesOf(db: Queryable, path: ExportPath): Promise<Downloads> {
  const keys = exportFormatSchema.options.map((format) => {
    return { format, key: keyOf(exportSpec(path, format)) };
  });
  const rows = await whileReachable(() =>
    db
      .select()
      .from(pathExports)
      .where(
        inArray(
          pathExports.keySha256,
          keys.map(({ key }) => key),
        ),
      ),
  );
  const states: Downloads = { flac: null, m4a: null, mp3: null, stems: null };
  for (const { format, key } of keys) {
    const row = rows.find(({ keySha256 }) => keySha256 === key);
    if (row !== undefined) states[format] = await stateOf(db, row);
  }
  return states;
}

async function stateOf(db: Queryable, row: Row): Promise<DownloadState | null> {
  const { state, until } = row;
  switch (state) {
    case 'waiting':
      return { state, ahead: await countAhead(db, row) };
    case 'working':
      return { state, done: Math.min(1, Math.max(0, row.done)) };
    case 'ready':
      if (until === null || until.getTime() <= Date.now()) return null;
      return { state, bytes: row.bytes ?? 0, untilMs: until.getTime() };
    case 'failed':
      return { state };
  }
}

/** How many others were asked for before it and are not done. */
async function countAhead(db: Queryable, { requestedAt }: Row): Promise<number> {
  const isOpen = inArray(pathExports.state, ['waiting', 'working']);
  return whileReachable(async () =>
    db.$count(pathExports, and(isOpen, lt(pathExports.requestedAt, requestedAt))),
  );
}

function isUsable({ state, until }: Row): boolean {
  if (state === 'failed') return false;
  return until === null || until.getTime() > Date.now();
}

function keyOf(spec: ExportSpec): string {
  return createHash('sha256').update(exportKeyText(spec)).digest('hex');
}

function refuseSilence(spec: ExportSpec): void {
  if (spec.format === 'stems' || spec.stems.length > 0) return;
  throw new Problem(
    'bad_request',
    'Nobody speaks on this path, so there is nothing to hear. Its words are in the zip of stems.',
  );
}

/** Takes one of the files that may be made for a person in this hour. */
async function claimQuota(tx: Transaction, person: Person): Promise<void> {
  await lock(tx, `exports of:${person.id}`);
  const asked = await tx.$count(
    pathExports,
    and(
      eq(pathExports.requestedBy, person.id),
      gt(pathExports.requestedAt, sql`now() - interval '1 hour'`),
    ),
  );
  if (asked < DOWNLOADS_PER_HOUR) return;
  throw new Problem(
    'too_many_requests',
    `You asked for ${DOWNLOADS_PER_HOUR} downloads within an hour, and that is all we make for one ` +
      'person. Those that are ready stay; ask for this one a little later.',
  );
}

/** Holds a name until the transaction ends. */
async function lock(tx: Transaction, name: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}
