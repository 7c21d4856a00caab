// Where updates wait that a process could not commit before its end: files that the next start
// commits before it serves anybody.
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Database } from '#backend/postgres/database.ts';
import { publishUpdates, type NewUpdate } from '#backend/postgres/documents.ts';
import type { Logger } from '#backend/log.ts';
import { userId as toUserId } from '#domain/story/ids.ts';
import { untilDone } from './retry.ts';

const SPILL = '.spill';
/** Updates that are committed at once. */
const GROUP = 500;
const MAGIC = Buffer.from('tapspil2');
/** Spills of earlier versions, whose records do not say who wrote them. */
const ANONYMOUS_MAGIC = Buffer.from('tapspil1');
const DIGEST_BYTES = 32;
/** The fields of a record: the document's name, the update, and who wrote it. */
const FIELDS = 3;

/**
 * Writes updates to a new file of the folder, on the disk when this resolves. A file begins with
 * `tapspil2` and the number of records; a record is SHA-256 of the rest of it, the lengths of the
 * document's name, of the update and of its author's id, and these. Numbers are unsigned 32-bit,
 * big-endian. In a file that begins with `tapspil1`, authors are left out.
 */
export async function spill(
  folder: string,
  updates: readonly NewUpdate[],
  log: Logger,
): Promise<void> {
  if (updates.length === 0) return;
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${Date.now()}-${randomUUID()}${SPILL}`);
  const unfinished = `${file}.part`;
  const handle = await open(unfinished, 'wx');
  try {
    await handle.writeFile(Buffer.concat([MAGIC, uint32(updates.length), ...updates.map(record)]));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(unfinished, file);
  await syncFolder(folder);
  log.error({ file, updates: updates.length }, 'updates that are not committed were spilled');
}

/**
 * Commits what earlier processes spilled, for as long as that takes, and removes it. Updates that
 * were committed after all change nothing the second time. Of a damaged file, what is whole is
 * committed and the file is kept as `.damaged`.
 */
export async function replaySpills(
  folder: string,
  { db, log }: { readonly db: Database; readonly log: Logger },
): Promise<void> {
  for (const name of await spillsIn(folder)) {
    const file = path.join(folder, name);
    const { updates, isWhole } = readSpill(await readFile(file));
    await commit(updates, db, log);
    if (isWhole) await rm(file, { force: true });
    else await rename(file, `${file}.damaged`);
    await syncFolder(folder);
    const say = isWhole ? 'warn' : 'error';
    log[say]({ file, updates: updates.length, isWhole }, 'spilled updates are committed');
  }
}

/** The updates in a spill, up to the first that is damaged. */
export function readSpill(bytes: Buffer): { updates: NewUpdate[]; isWhole: boolean } {
  const updates: NewUpdate[] = [];
  const head = MAGIC.byteLength + 4;
  const magic = bytes.subarray(0, MAGIC.byteLength);
  const fields = magic.equals(ANONYMOUS_MAGIC) ? FIELDS - 1 : FIELDS;
  const isSpill = fields < FIELDS || magic.equals(MAGIC);
  if (bytes.byteLength < head || !isSpill) return { updates, isWhole: false };
  const expected = bytes.readUInt32BE(MAGIC.byteLength);
  for (let at = head; at < bytes.byteLength;) {
    const found = readRecord(bytes.subarray(at), fields);
    if (found === null) return { updates, isWhole: false };
    updates.push(updateOf(found.fields));
    at += found.bytes;
  }
  return { updates, isWhole: updates.length === expected };
}

async function commit(updates: readonly NewUpdate[], db: Database, log: Logger): Promise<void> {
  const node = randomUUID();
  for (let at = 0; at < updates.length; at += GROUP) {
    await untilDone(() => publishUpdates(db, updates.slice(at, at + GROUP), node), {
      isWanted: () => true,
      onFailure: (error, failures) =>
        log.warn({ err: error, failures }, 'spilled updates are not committed yet'),
    });
  }
}

async function spillsIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).filter((name) => name.endsWith(SPILL)).toSorted();
}

function record({ document, update, userId }: NewUpdate): Buffer {
  const fields = [Buffer.from(document), update, Buffer.from(userId ?? '')];
  const body = Buffer.concat([...fields.map(({ byteLength }) => uint32(byteLength)), ...fields]);
  return Buffer.concat([digest(body), body]);
}

function readRecord(bytes: Buffer, count: number): { fields: Buffer[]; bytes: number } | null {
  let end = DIGEST_BYTES + 4 * count;
  if (bytes.byteLength < end) return null;
  const fields: Buffer[] = [];
  for (let n = 0; n < count; n += 1) {
    const start = end;
    end += bytes.readUInt32BE(DIGEST_BYTES + 4 * n);
    fields.push(bytes.subarray(start, end));
  }
  if (bytes.byteLength < end) return null;
  if (!digest(bytes.subarray(DIGEST_BYTES, end)).equals(bytes.subarray(0, DIGEST_BYTES))) {
    return null;
  }
  return { fields, bytes: end };
}

function updateOf([name, update, author]: readonly Buffer[]): NewUpdate {
  return {
    document: name?.toString() ?? '',
    update: update ?? new Uint8Array(),
    userId: author === undefined || author.byteLength === 0 ? null : toUserId(author.toString()),
  };
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A new name is on the disk when its folder is. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
