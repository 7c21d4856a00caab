// Hostile frames over real sockets into a real process: it stays the same process, who is attacked
// keeps every edit, and whatever the attackers may not write stays as it was.
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as Y from 'yjs';
import { readUpdates } from '#backend/postgres/documents.ts';
import { changeStory } from '#backend/story/change-story.ts';
import { checkStory } from '#backend/story/check-story.ts';
import { wordsOf } from '#domain/story/document.ts';
import { CollabProcesses, type CollabProcess } from '../../collab-server/testing/process.ts';
import { randomFrom } from '../../collab-server/testing/random.ts';
import { enterRaw, type RawSocket } from '../../collab-server/testing/raw.ts';
import { readFresh, until, untilMirrored } from '../../collab-server/testing/reading.ts';
import { FLAWLESS, tally } from '../../collab-server/testing/tally.ts';
import { TokenWriter } from '../../collab-server/testing/token-writer.ts';
import {
  person,
  plant,
  type TestPerson,
  type TestStory,
} from '../../collab-server/testing/world.ts';
import { freshDatabase, type FreshDatabase } from '../harness/database.ts';
import { startTcpProxy, type TcpProxy } from '../harness/tcp-proxy.ts';
import { hostileFrame } from './frames.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127);
const FRAMES = Number(process.env['FUZZ_SOCKET_FRAMES'] ?? 2_500);
/** One account may open so many sockets at once and no more. */
const SOCKETS_PER_ATTACKER = 40;

let fresh: FreshDatabase;
let dataDir: string;
let server: CollabProcess;
let line: TcpProxy;
let mira: TestPerson;
/** Where everybody may write, and where its members alone may. */
let open: TestStory;
let closed: TestStory;
const processes = new CollabProcesses();

beforeAll(async () => {
  fresh = await freshDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'tap-story-hostile-'));
  server = await processes.start({ databaseUrl: fresh.url, dataDir });
  line = await startTcpProxy(server.url);
  mira = await person(fresh, 'Mira');
  [open, closed] = [await plant(fresh, mira.user.id), await plant(fresh, mira.user.id)];
  await changeStory(fresh.db, mira.user, closed.storyId, { openness: 'members' });
});

afterAll(async () => {
  await processes.killAll();
  await line.close();
  await fresh.close();
  await rm(dataDir, { recursive: true, force: true });
});

/** People who mean harm: a new socket whenever one was closed, a new name when one is worn out. */
class Attackers {
  opened = 0;
  #who: TestPerson | null = null;
  #socket: RawSocket | null = null;

  async socket(): Promise<RawSocket> {
    const isOpen = this.#socket !== null && this.#socket.closes.length === 0;
    if (this.#socket !== null && isOpen) return this.#socket;
    if (this.#who === null || this.opened % SOCKETS_PER_ATTACKER === 0) {
      this.#who = await person(fresh, 'Jo');
    }
    this.opened += 1;
    this.#socket = await enterRaw(server.url, open.words, this.#who);
    return this.#socket;
  }

  leave(): void {
    this.#socket?.socket.terminate();
  }
}

/** Resolves when the server has read what was sent, or closed the socket over it. */
async function digested({ socket, closes }: RawSocket): Promise<void> {
  if (closes.length > 0) return;
  const answered = Promise.race([once(socket, 'pong'), once(socket, 'close')]);
  socket.ping();
  await answered;
}

async function logged(document: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  for (const { update } of await readUpdates(fresh.db, document)) Y.applyUpdate(doc, update);
  return doc;
}

const isSaved = (each: TokenWriter) => each.isSynced && each.inFlight === 0;

test(`${FRAMES} hostile frames into a process (seed ${SEED})`, async (context) => {
  const { pid } = server;
  const url = line.through(server.url).replace(/\/$/u, '');
  const victim = new TokenWriter({ url, document: open.words, who: mira, label: 'v' });
  const bystander = new TokenWriter({
    url: server.url,
    document: closed.words,
    who: mira,
    label: 'b',
  });
  for (const writer of [victim, bystander]) writer.write();
  await until('both are in', () => [victim, bystander].every(isSaved));
  line.cut();
  await until('the victim is offline', () => !victim.isSynced);
  for (let n = 0; n < 5; n += 1) victim.write();

  const random = randomFrom(SEED);
  const targets = {
    documents: [open.words, open.words, open.words, closed.words, open.tree, closed.tree, 'x'],
    clients: [victim.doc.clientID, bystander.doc.clientID, 1, 77],
    honest: victim.doc,
  };
  const attackers = new Attackers();
  for (let n = 0; n < FRAMES; n += 1) {
    const raw = await attackers.socket();
    raw.socket.send(hostileFrame(random, targets));
    if (n % 4 === 0) await digested(raw);
    if (n % 250 > 0) continue;
    bystander.write();
    await until(`an edit is saved beside frame ${n}`, () => isSaved(bystander));
  }
  await digested(await attackers.socket());
  attackers.leave();

  line.heal();
  await until('the victim is back', () => isSaved(victim));
  // Whoever may write may also delete, but not what they have never seen.
  const unseen = victim.sent.slice(1);
  expect(unseen.filter((token) => !victim.text().includes(token))).toEqual([]);
  const words = await readFresh(server.url, open.words, mira);
  expect(unseen.filter((token) => !words.includes(token))).toEqual([]);
  expect(tally(await readFresh(server.url, closed.words, mira), [bystander])).toEqual(FLAWLESS);
  expect(wordsOf(await logged(open.words)).toJSON()).toBe(words);
  for (const { tree } of [open, closed]) {
    // The server's, and nobody else's.
    expect((await logged(tree)).store.clients.size).toBeLessThan(2);
  }
  await untilMirrored(fresh, open, words);
  for (const { storyId } of [open, closed]) {
    expect(await checkStory(fresh.db, storyId)).toEqual([]);
  }
  expect([server.isRunning(), server.pid]).toEqual([true, pid]);
  await context.annotate(`${attackers.opened} sockets were opened, all but one closed`);
  for (const writer of [victim, bystander]) writer.die();
});
