// `npm run fuzz`: the fuzz tests with more than they do by themselves. `-- --seeds 1000` tries so
// many orders of events, `--operations` how long each is, `--frames` so many hostile frames,
// `--seed` where to begin.
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runTool } from './test/tool.ts';

process.chdir(path.resolve(import.meta.dirname, '..'));
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    operations: { type: 'string', default: '1000' },
    frames: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
const { code } = await runTool('vitest', ['run', '--project', 'soak', 'tests/fuzz'], {
  show: true,
  env: {
    FUZZ_SEED: values.seed,
    FUZZ_SEEDS: values.seeds,
    FUZZ_OPERATIONS: values.operations,
    FUZZ_FRAMES: values.frames,
    FUZZ_SOCKET_FRAMES: '5000',
  },
});
process.exitCode = code;
