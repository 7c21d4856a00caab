// Compares the documents of every story with its rows: says nothing, or names what differs and
// exits 1. `node scripts/check-trees.ts`, with DATABASE_URL set; safe beside running processes.
// With `--repair`, trees that differ are mended from the rows first, and what is left is named. To be
// run so once after an upgrade that says more of takes than before, as that to `mixes` does.
import { readConfig } from '#backend/config.ts';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { allStories, checkStory, mendStory } from '#backend/story/check-story.ts';

const config = readConfig(process.env);
if (config.DATABASE_URL === undefined) throw new Error('DATABASE_URL is not set');
const log = createLogger('check-trees', 'warn');
const isRepairing = process.argv.includes('--repair');
const handle = openDatabase(config.DATABASE_URL, { max: 1, log });
try {
  for (const storyId of await allStories(handle.db)) {
    let faults = await checkStory(handle.db, storyId);
    if (isRepairing && faults.length > 0) {
      await mendStory(handle.db, storyId);
      faults = await checkStory(handle.db, storyId);
      process.stderr.write(`story ${storyId} was mended\n`);
    }
    for (const fault of faults) process.stdout.write(`${fault}\n`);
    if (faults.length > 0) process.exitCode = 1;
  }
} finally {
  await handle.close();
}
