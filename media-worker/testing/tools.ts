// The ffmpegs that tests run on: the system's, where there is one that fits, and the embedded one.
import { findFfmpeg } from '../ffmpeg/find.ts';
import { boundsFor } from '../ffmpeg/limits.ts';
import type { Tool } from '../ffmpeg/run.ts';

export interface TestTool {
  readonly name: 'native' | 'embedded';
  /** Null where this machine has none; `why` says so. */
  readonly tool: Tool | null;
  readonly why: string;
}

/** Tests wait for it, so it does not stand back for others. */
const eager = { nice: 0 };

/** Both, in the order native, embedded. */
export async function testTools(): Promise<readonly [TestTool, TestTool]> {
  const [found, embedded] = await Promise.all([
    findFfmpeg(),
    findFfmpeg({ FFMPEG_PATH: 'embedded' }),
  ]);
  const native = found.kind === 'native' ? found : null;
  return [
    {
      name: 'native',
      tool: native && { ffmpeg: native, ...(await boundsFor(native, eager)) },
      why: found.why,
    },
    {
      name: 'embedded',
      tool: { ffmpeg: embedded, ...(await boundsFor(embedded, eager)) },
      why: embedded.why,
    },
  ];
}

/** The quickest there is: for tests that are not about ffmpeg. */
export async function anyTool(): Promise<Tool> {
  const [native, embedded] = await testTools();
  const tool = native.tool ?? embedded.tool;
  if (tool === null) throw new Error('anyTool: the embedded ffmpeg is missing');
  return tool;
}
