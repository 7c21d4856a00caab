// Compares the documents of every story with its rows: says nothing, or names what differs and
// exits 1. `node scripts/check-trees.ts`, with DATABASE_URL set; safe beside running processes.
import { readConfig } from '#backend/config.ts';
import { createLogger } from '#backend/log.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { allStories, checkStory } from '#backend/story/check-story.ts';

const config = readConfig(process.env);
if (config.DATABASE_URL === undefined) throw new Error('DATABASE_URL is not set');
const log = createLogger('check-trees', 'warn');
const handle = openDatabase(config.DATABASE_URL, { max: 1, log });
try {
  for (const storyId of await allStories(handle.db)) {
    for (const fault of await checkStory(handle.db, storyId)) {
      process.stdout.write(`${fault}\n`);
      process.exitCode = 1;
    }
  }
} finally {
  await handle.close();
}
