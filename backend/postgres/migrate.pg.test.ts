import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import * as v from 'valibot';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createLogger } from '#backend/log.ts';
import { databaseUrl } from '../../tests/harness/postgres.ts';
import { migrate, MIGRATIONS_FOLDER } from './migrate.ts';

const log = createLogger('test', 'silent');
const journalSchema = v.object({
  entries: v.array(v.object({ idx: v.number(), when: v.number(), tag: v.string() })),
});

async function readJournal() {
  const text = await readFile(path.join(MIGRATIONS_FOLDER, 'meta/_journal.json'), 'utf8');
  return v.parse(journalSchema, JSON.parse(text)).entries;
}

test('the journal only rises: drizzle skips in silence what is older than the last applied', async () => {
  const times = (await readJournal()).map(({ when }) => when);
  expect(times.length).toBeGreaterThan(0);
  expect(times).toEqual([...new Set(times)].toSorted((a, b) => a - b));
});

describe('on an empty database', () => {
  const url = inject('postgres').url;
  const name = `tap_empty_${process.pid}`;
  const admin = new Client({ connectionString: url });

  beforeAll(async () => {
    await admin.connect();
    await admin.query(`create database ${name}`);
  });
  afterAll(async () => {
    await admin.query(`drop database ${name}`);
    await admin.end();
  });

  test('four processes that start at once all succeed, and every migration is applied once', async () => {
    const target = databaseUrl(url, name);
    await Promise.all(Array.from({ length: 4 }, () => migrate(target, log)));

    const client = new Client({ connectionString: target });
    await client.connect();
    const applied = await client.query(
      'select created_at::float8 as "when" from drizzle.__drizzle_migrations order by id',
    );
    await client.end();
    expect(applied.rows).toEqual((await readJournal()).map(({ when }) => ({ when })));
  });
});
