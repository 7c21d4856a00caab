// Runs the command-line tools that npm installed.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const bin = path.join(root, 'node_modules/.bin');

export interface ToolResult {
  /** Exit code; 1 for a tool that was killed. */
  readonly code: number;
  /** What it wrote, unless it was shown. */
  readonly output: string;
  readonly seconds: string;
}

/**
 * Runs a tool from the top folder, with the Node that npm installed first on PATH.
 * @param show whether its output goes to the terminal as it comes
 */
export async function runTool(
  name: string,
  args: readonly string[],
  { show = false, env = {} }: { show?: boolean; env?: Record<string, string> } = {},
): Promise<ToolResult> {
  const startedAt = performance.now();
  const child = spawn(path.join(bin, name), args, {
    cwd: root,
    stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    env: { ...process.env, ...env, PATH: `${bin}${path.delimiter}${process.env['PATH'] ?? ''}` },
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
  await once(child, 'close');
  return {
    code: child.exitCode ?? 1,
    output: Buffer.concat(output).toString().trim(),
    seconds: ((performance.now() - startedAt) / 1000).toFixed(1),
  };
}
