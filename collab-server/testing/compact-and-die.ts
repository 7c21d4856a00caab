// A compaction that kills its own process after one of its steps:
// `node compact-and-die.ts <database url> <document> <step>`.
import * as v from 'valibot';
import { createLogger } from '#backend/log.ts';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { openDatabase } from '#backend/postgres/database.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { keepVersions } from '#backend/words/versions.ts';

const [databaseUrl, document, last] = v.parse(
  v.tuple([v.string(), v.string(), v.string()]),
  process.argv.slice(2),
);
const { db } = openDatabase(databaseUrl, { max: 1, log: createLogger('test', 'silent') });
await compactDocument(db, document, {
  merge: mergeIntoState,
  keep: keepVersions,
  onStep: (step) => {
    if (step === last) process.kill(process.pid, 'SIGKILL');
  },
});
