// One launcher per data folder: a second one would take the first one's Postgres over.
import { readFileSync, unlinkSync } from 'node:fs';
import { link, mkdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as v from 'valibot';
import { StartError } from './start-error.ts';

const holderSchema = v.object({ pid: v.number(), bornAt: v.string() });
type Holder = v.InferOutput<typeof holderSchema>;

export interface Claim {
  /** An earlier launcher was killed before it could let go: its processes may still be ending. */
  readonly tookOver: boolean;
  release(): void;
}

/**
 * Claims a data folder for this process, making it if need be.
 * @throws {StartError} when a living launcher holds it, or it cannot be written
 */
export async function claimFolder(folder: string): Promise<Claim> {
  const file = path.join(folder, 'launcher.json');
  const draft = `${file}.${process.pid}`;
  const self: Holder = { pid: process.pid, bornAt: (await bornAt(process.pid)) ?? '' };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(draft, JSON.stringify(self));
  } catch (error) {
    throw new StartError(`DATA_DIR ${folder} cannot be written`, { cause: error });
  }
  try {
    const tookOver = await takeOver(file);
    // Unlike a rename, a link fails when somebody else was faster.
    await link(draft, file).catch((error: unknown) => {
      throw new StartError(`another start is using ${folder}`, { cause: error });
    });
    return { tookOver, release: () => release(file) };
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the claim of a process that is gone; true if there was one. */
async function takeOver(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return false;
  const holder = parseHolder(text);
  if (holder !== null && (await bornAt(holder.pid)) === holder.bornAt) {
    throw new StartError(
      `Tap Story is already running from ${path.dirname(file)} (process ${holder.pid}): stop it first, or set DATA_DIR to another folder`,
    );
  }
  await unlink(file);
  return true;
}

function release(file: string): void {
  const holder = parseHolder(readFileSync(file, 'utf8'));
  if (holder?.pid === process.pid) unlinkSync(file);
}

function parseHolder(text: string): Holder | null {
  try {
    return v.parse(holderSchema, JSON.parse(text));
  } catch {
    // Cut short by a power loss, say: whoever wrote it is not holding anything.
    return null;
  }
}

/** When a process began, in ticks since boot: tells it from a later one with the same id. */
async function bornAt(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name in parentheses may hold spaces; what follows it begins with field 3, the state.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  const [state] = fields;
  // Dead, and nobody has waited for it: in a container that may last.
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}
