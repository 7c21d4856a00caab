// Who is let in at the door, and into which documents; and what ends a socket again.
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { CLOSE, SOCKET_PATH } from '#domain/protocol/room.ts';
import { readTree, wordsOf } from '#domain/story/document.ts';
import { freshDatabase } from '../tests/harness/database.ts';
import { STEP, syncFrame } from './frames.ts';
import { eventually, saved, synced, textOf, useHouse } from './testing/house.ts';
import { headersOf, ORIGIN, publishTake, serve } from './testing/world.ts';

const house = useHouse(freshDatabase, { warmMs: 0 });

async function statusFor(headers: Record<string, string>, path = SOCKET_PATH): Promise<number> {
  const socket = new WebSocket(`${house.server.url}${path}`, { headers });
  const opened = once(socket, 'open').then(() => 101);
  const refused = new Promise<number>((resolve) => {
    socket.once('unexpected-response', (_request, response) => {
      resolve(response.statusCode ?? 0);
    });
  });
  socket.on('error', () => undefined);
  const status = await Promise.race([opened, refused]);
  socket.terminate();
  return status;
}

async function closeAfter(send: (socket: WebSocket) => void): Promise<number> {
  const socket = new WebSocket(`${house.server.url}${SOCKET_PATH}`, {
    headers: headersOf(house.mira),
  });
  await once(socket, 'open');
  const closed = new Promise<number>((resolve) => {
    socket.once('close', (code) => resolve(code));
  });
  send(socket);
  return closed;
}

describe('the door', () => {
  test('opens for a person and for a listener, at both addresses', async () => {
    expect(await statusFor(headersOf(house.mira))).toBe(101);
    expect(await statusFor(headersOf(null))).toBe(101);
    expect(await statusFor(headersOf(null), '/yjs/whatever')).toBe(101);
  });

  test('is closed to another origin, to none, and to one that only begins like ours', async () => {
    expect(await statusFor({ origin: 'https://evil.example', cookie: house.mira.cookie })).toBe(
      403,
    );
    expect(await statusFor({ cookie: house.mira.cookie })).toBe(403);
    expect(await statusFor({ origin: `${ORIGIN}.evil.example` })).toBe(403);
    expect(await statusFor({ origin: 'https://evil.example' }, '/yjs/whatever')).toBe(403);
  });

  test('is closed to a cookie that opens no session', async () => {
    expect(await statusFor({ origin: ORIGIN, cookie: 'session=forged' })).toBe(401);
    expect(await statusFor({ origin: ORIGIN, cookie: 'session=forged' }, '/yjs/x')).toBe(401);
    expect(await statusFor({ origin: ORIGIN, cookie: 'theme=dark' })).toBe(101);
  });

  test('is nowhere else', async () => {
    expect(await statusFor(headersOf(house.mira), '/elsewhere')).toBe(404);
    expect(await statusFor(headersOf(house.mira), '/yjs/%E0%A4%A')).toBe(404);
  });

  test('says 503 while sessions cannot be looked up', async () => {
    const blind = await serve(house.fresh, {
      databaseUrl: 'postgres://nobody:x@127.0.0.1:59999/none',
    });
    const socket = new WebSocket(`${blind.url}${SOCKET_PATH}`, { headers: headersOf(house.mira) });
    socket.on('error', () => undefined);
    const status = await new Promise((resolve) => {
      socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    });
    expect(status).toBe(503);
    const health = await fetch(`http://127.0.0.1:${blind.port}/health/ready`);
    expect(health.status).toBe(503);
    const live = await fetch(`http://127.0.0.1:${blind.port}/health/live`);
    expect(live.status).toBe(200);
    await blind.stopAll();
  });
});

describe('a document', () => {
  test('that is of no story or take is refused, and nothing is made of it', async () => {
    const { storyId } = await house.plant();
    const names = [
      'anything',
      '__proto__',
      `story:${randomUUID()}`,
      `take:${randomUUID()}:words`,
      `story:${storyId}:x`,
      `story:${storyId.toUpperCase()}`,
    ];
    for (const name of names) {
      const client = house.join(name, house.mira);
      await eventually(() =>
        expect([...client.refusals, ...client.closes].length).toBeGreaterThan(0),
      );
      expect(client.provider.isSynced).toBe(false);
    }
    const { rows } = await house.fresh.pool.query(
      'select 1 from document_updates where document = any($1)',
      [names],
    );
    expect(rows).toEqual([]);
  });

  test('of a story is read by everybody and written by nobody', async () => {
    const story = await house.plant();
    for (const who of [house.mira, null]) {
      const reader = house.join(story.tree, who);
      await synced(reader);
      expect(reader.provider.authorizedScope).toBe('readonly');
      expect(readTree(reader.doc).takes.map((take) => take.id)).toEqual([story.seedId]);
      expect(readTree(reader.doc).voices.get(house.mira.user.id)?.name).toBe('Mira');
    }
    const writer = house.join(story.tree, house.mira);
    const witness = house.join(story.tree, house.jo);
    await Promise.all([synced(writer), synced(witness)]);
    writer.doc.getMap('tree').set('forged', { id: 'forged' });
    writer.doc.getMap('meta').set('story', { title: 'Mine', slug: 'mine', revision: 9 });
    // A later event reaches both: whatever the write did, it would be there before it.
    const branch = await publishTake(house.fresh, {
      storyId: story.storyId,
      parentId: story.seedId,
      authorId: house.jo.user.id,
    });
    await eventually(() => expect(witness.doc.getMap('tree').has(branch)).toBe(true));
    expect(witness.doc.getMap('tree').has('forged')).toBe(false);
    expect(readTree(witness.doc).meta?.title).toBe('The lighthouse');
    expect(writer.provider.hasUnsyncedChanges).toBe(true);
  });

  test('of words is written by people and only read by listeners', async () => {
    const story = await house.plant('Once');
    const [writer, listener] = [house.join(story.words, house.mira), house.join(story.words, null)];
    await Promise.all([synced(writer), synced(listener)]);
    wordsOf(listener.doc).insert(0, 'Never ');
    wordsOf(writer.doc).insert(4, ' upon');
    await saved(writer);
    await eventually(() => expect(textOf(listener)).toContain(' upon'));
    expect(textOf(writer)).toBe('Once upon');
  });
});

describe('a hostile frame', () => {
  test('ends its own connection and nothing else', async () => {
    const story = await house.plant();
    const [a, b] = [house.join(story.words, house.mira), house.join(story.words, house.jo)];
    await Promise.all([synced(a), synced(b)]);
    // "Thirty million structs", in seven bytes.
    const bomb = new Uint8Array([1, 0x80, 0x87, 0xa7, 0x0e, 1, 0]);
    expect(
      await closeAfter((socket) => socket.send(syncFrame(story.words, STEP.update, bomb))),
    ).toBe(CLOSE.malformed);
    expect(await closeAfter((socket) => socket.send(Buffer.from([0xff, 0xff])))).toBe(
      CLOSE.malformed,
    );
    expect(await closeAfter((socket) => socket.send('text'))).toBe(CLOSE.malformed);
    expect(await closeAfter((socket) => socket.send(Buffer.alloc(600 * 1024)))).toBe(1009);
    wordsOf(a.doc).insert(0, 'still here');
    await saved(a);
    await eventually(() => expect(textOf(b)).toBe('still here'));
  });
});
