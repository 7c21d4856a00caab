// What the processes write, in one stream that a person can read.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import * as v from 'valibot';

const lineSchema = v.looseObject({ level: v.number(), msg: v.optional(v.string(), '') });
/** What every line has, and nobody reads at a terminal. */
const NOISE = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);
const NAMES: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'ERROR',
  60: 'FATAL',
};

/** Copies a stream to `write`, line by line, each with the name of the process before it. */
export function forwardLines(name: string, from: Readable, write: (line: string) => void): void {
  createInterface({ input: from }).on('line', (line) => {
    write(`${name.padEnd(8)} ${readable(line)}\n`);
  });
}

/** A log line as text; anything that is not one of our log lines stays as it is. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return line;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return line;
  }
  const record = v.safeParse(lineSchema, parsed);
  if (!record.success) return line;
  const { level, msg, ...rest } = record.output;
  const details = Object.entries(rest)
    .filter(([key]) => !NOISE.has(key))
    .map(([key, value]) => `${key}=${detail(value)}`);
  return [(NAMES[level] ?? String(level)).padEnd(5), msg, ...details].join(' ').trimEnd();
}

function detail(value: unknown): string {
  const error = v.safeParse(v.object({ stack: v.string() }), value);
  if (error.success) return `\n${error.output.stack}`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
