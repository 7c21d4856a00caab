// docs/protocol.md, held against the code, and its client against the server.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import * as v from 'valibot';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MAX_WORDS_LENGTH } from '#domain/protocol/commands.ts';
import {
  CLOSE,
  putOutCodes,
  REFUSED,
  standingNoticeSchema,
  progressNoticeSchema,
  parseRoom,
  SOCKET_PATH,
  Y_WEBSOCKET_PATH,
  type Room,
} from '#domain/protocol/room.ts';
import { roles } from '#domain/access/policy.ts';
import { FRAME } from '../collab-server/frames.ts';
import { MAX_FRAME_BYTES } from '../collab-server/guard.ts';
import { defaultLimits } from '../collab-server/limits.ts';
import {
  connect,
  ORIGIN,
  person,
  plant,
  serve,
  type TestClient,
  type TestServer,
} from '../collab-server/testing/world.ts';
import { wordsOf } from '#domain/story/document.ts';
import { freshDatabase, type FreshDatabase } from './harness/database.ts';

const ROOT = path.resolve(import.meta.dirname, '..');
const text = await readFile(path.join(ROOT, 'docs/protocol.md'), 'utf8');

let fresh: FreshDatabase;
let server: TestServer;

beforeAll(async () => {
  fresh = await freshDatabase();
  server = await serve(fresh);
});

afterAll(async () => {
  await server.stopAll();
  await fresh.close();
});

/** Rows of the table of a section, as their cells. */
function rowsOf(section: string): string[][] {
  const [, after = ''] = text.split(`\n## ${section}\n`);
  const table = after.split('\n\n').find((part) => part.trimStart().startsWith('|')) ?? '';
  return table
    .trim()
    .split('\n')
    .slice(2)
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const unquoted = (cell = ''): string => cell.replaceAll('`', '');

test('every close code of ours is told, by its name', () => {
  const told = rowsOf('Close codes')
    .map(([code, name]) => [unquoted(name), Number(code)] as const)
    .filter(([, code]) => code >= 4000);
  expect(Object.fromEntries(told)).toEqual(CLOSE);
});

test('every reason for which the server closes a document is told', () => {
  const told = rowsOf('Roles').map(([reason]) => unquoted(reason));
  expect(told.toSorted()).toEqual([...Object.keys(putOutCodes), REFUSED].toSorted());
});

test('every notice is told, as it is', () => {
  const [, notices = ''] = /\n## Notices\n([\s\S]*?)\n## /u.exec(text) ?? [];
  const takeId = '6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01';
  const told = [...notices.matchAll(/```json\n([\s\S]*?)```/gu)].map(([, json = '']) =>
    JSON.parse(json.replace('…', takeId)),
  );
  const schemas = [progressNoticeSchema, standingNoticeSchema];
  expect(told).toHaveLength(schemas.length);
  for (const schema of schemas) expect(told.some((notice) => v.is(schema, notice))).toBe(true);
});

test('every kind of document is told, under a name that opens it', () => {
  const kinds: Record<Room['kind'], true> = { story: true, words: true, draft: true };
  const id = '6f1b0f9e-8c1f-4b59-9d5e-2d0c5f0a7a01';
  const told = rowsOf('Documents').map(([name]) => unquoted(name).replaceAll(/<\w+>/gu, id));
  expect(new Set(told.map((name) => parseRoom(name)?.kind))).toEqual(new Set(Object.keys(kinds)));
});

test('every type of message that the server knows is told', () => {
  const told = Object.fromEntries(
    rowsOf('Messages').map(([type, name]) => [unquoted(name), Number(type)]),
  );
  expect(told).toMatchObject(FRAME);
});

test('addresses, roles and limits are those of the code', () => {
  expect(rowsOf('Getting in').map(([address]) => unquoted(address))).toEqual([
    SOCKET_PATH,
    `${Y_WEBSOCKET_PATH}/<document>`,
  ]);
  for (const role of roles) expect(text).toContain(`\`${role}\``);
  expect(text).toContain(`at most ${MAX_FRAME_BYTES / 1_024} KiB`);
  expect(text).toContain(`${MAX_WORDS_LENGTH.toLocaleString('en')} characters`);
  expect(text).toMatch(new RegExp(`${defaultLimits.documentsPerSocket} documents`, 'u'));
  expect(text).toContain(`${defaultLimits.deadMs / 1_000} s`);
});

/** Runs the client that the page shows. */
function runClient(...given: readonly [address: string, document: string, ...rest: string[]]) {
  const [, client = ''] = /```js\n([\s\S]*?)```/u.exec(text) ?? [];
  const args = ['--input-type=module', '--eval', client, '--', ...given];
  return promisify(execFile)(process.execPath, args, { cwd: ROOT, timeout: 60_000 });
}

async function reader(document: string): Promise<TestClient> {
  const client = connect(server.url, document, null);
  await vi.waitFor(() => expect(client.provider.isSynced).toBe(true), { timeout: 60_000 });
  return client;
}

test('the client that is shown writes, and what it was told is saved is there', async () => {
  const mira = await person(fresh, 'Mira');
  const story = await plant(fresh, mira.user.id, 'Once');
  const [address, more] = [`${server.url}${SOCKET_PATH}`, ' upon a time'];
  const { stdout } = await runClient(address, story.words, ORIGIN, mira.cookie, more);
  expect(stdout.trim()).toBe('Once upon a time');
  const later = await reader(story.words);
  expect(wordsOf(later.doc).toJSON()).toBe('Once upon a time');
  later.destroy();
});

test('the client that is shown is refused where it may not write', async () => {
  const mira = await person(fresh, 'Mira');
  const story = await plant(fresh, mira.user.id, 'Once');
  const address = `${server.url}${SOCKET_PATH}`;
  await expect(runClient(address, story.words, ORIGIN, 'theme=dark', ' no')).rejects.toThrow(
    /read-only/u,
  );
  const later = await reader(story.words);
  expect(wordsOf(later.doc).toJSON()).toBe('Once');
  later.destroy();
});
