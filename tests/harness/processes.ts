// Which processes a process has started, as Linux tells it.
import { readdirSync, readFileSync } from 'node:fs';

export interface Process {
  readonly pid: number;
  /** Its command line, with spaces between the arguments. */
  readonly command: string;
}

/** The living processes whose parent is `pid`. */
export function childrenOf(pid: number): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => parentOf(candidate) === pid)
    .map((child) => ({ pid: child, command: commandOf(child) }));
}

/** The one child of `pid` whose command line holds `part`. */
export function childNamed(pid: number, part: string): Process {
  const found = childrenOf(pid).filter(({ command }) => command.includes(part));
  const [only] = found;
  if (only === undefined || found.length > 1) {
    throw new Error(`${found.length} children of ${pid} are named ${part}`);
  }
  return only;
}

/** False once it is gone, or only waits for its parent to notice. */
export function isRunning(pid: number): boolean {
  const state = statOf(pid)?.[0];
  return state !== undefined && state !== 'Z' && state !== 'X';
}

function parentOf(pid: number): number | undefined {
  const fields = statOf(pid);
  return fields === undefined || fields[0] === 'Z' ? undefined : Number(fields[1]);
}

/** The fields of /proc/pid/stat from the third on: what stands before may hold spaces. */
function statOf(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`)?.split('\0').join(' ').trim() ?? '';
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
