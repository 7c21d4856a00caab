// The lines that a program writes.
import type { Readable } from 'node:stream';

/**
 * Lines that end in a newline, and in nothing else: a file's tags may hold any other character that
 * ends lines elsewhere, and what follows it would look like the program's own words.
 */
export async function* linesOf(stream: Readable): AsyncGenerator<string> {
  let line = '';
  for await (const chunk of stream.setEncoding('utf8')) {
    const [rest = '', ...more] = String(chunk).split('\n');
    line += rest;
    for (const next of more) {
      yield withoutReturn(line);
      line = next;
    }
  }
  if (line !== '') yield withoutReturn(line);
}

/** Windows writes one before each newline. */
function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
