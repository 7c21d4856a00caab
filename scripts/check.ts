// `npm run check`: everything that can be said about the sources without running them.
import path from 'node:path';
import { runTool } from './test/tool.ts';

const ROOMS = [
  'domain',
  'drizzle',
  'backend',
  'collab-server',
  'media-worker',
  'web',
  'scripts',
  'tests',
  'bench',
];

const checks: readonly (readonly [name: string, tool: string, ...args: string[]])[] = [
  ['format', 'oxfmt', '--check'],
  // Generates the types that those below it read.
  ['routes', 'svelte-kit', 'sync', '--config', 'web/vite.config.ts'],
  ['lint', 'oxlint', '--type-aware'],
  ['boundaries', 'depcruise', ...ROOMS],
  ['lint svelte', 'eslint', 'web/src'],
  [
    'svelte',
    'svelte-check',
    '--workspace',
    'web',
    '--tsconfig',
    './tsconfig.json',
    '--fail-on-warnings',
  ],
  ['types', 'tsc', '-p', 'tsconfig.json'],
  ['types of journeys', 'tsc', '-p', 'tests/journeys/tsconfig.json'],
  ['dead code', 'knip'],
];

/** Runs all checks and shows what the failing ones said, whose names it returns. */
export async function check(): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const [name, tool, ...args] of checks) {
    const { code, output, seconds } = await runTool(tool, args);
    process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`);
    if (code === 0) continue;
    failed.push(name);
    process.stdout.write(`${output}\n`);
  }
  if (failed.length > 0) process.stdout.write(`checks failed: ${failed.join(', ')}\n`);
  return failed;
}

if (import.meta.main) {
  process.chdir(path.resolve(import.meta.dirname, '..'));
  process.exitCode = (await check()).length === 0 ? 0 : 1;
}
