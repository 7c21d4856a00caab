// What nobody should send, sent: each is refused with its reason, and nothing of it is published.
import * as v from 'valibot';
import { WebSocket } from 'ws';
import { MAX_UPLOAD_BYTES, type Published } from '#domain/protocol/commands.ts';
import { SOCKET_PATH } from '#domain/protocol/room.ts';
import { isPlaced, type Take } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { wavFile } from '../harness/tones.ts';
import { HttpPerson, newTakeId } from './support/http-person.ts';
import { openStory, takeOf } from './support/recording.ts';
import { spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';
import { readTree } from './support/tree.ts';

/** A story of one take of three seconds, ready to be answered. */
async function plant(origin: string): Promise<{ mira: HttpPerson; seed: Published }> {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantVoice('The locked door', spoken(51, 3));
  await mira.untilMixed(seed);
  return { mira, seed };
}

const takesOf = async (origin: string, { storyId }: Published): Promise<readonly Take[]> =>
  (await readTree(origin, storyId, ({ meta }) => meta !== null)).takes;

test('whoever has no session is told to take a name, and changes nothing', async ({ app }) => {
  const { seed } = await plant(app.origin);
  const stranger = new HttpPerson(app.origin);
  const words = { kind: 'text', words: 'Let me in.' };
  const refused: readonly [string, string, unknown][] = [
    ['POST', '/api/stories', { takeId: newTakeId(), title: 'Mine', body: words }],
    [
      'POST',
      `/api/stories/${seed.storyId}/takes`,
      { takeId: newTakeId(), parentId: seed.takeId, body: words },
    ],
    ['POST', '/api/uploads', { bytes: 1, contentType: 'audio/wav', sha256: '0'.repeat(64) }],
    ['PUT', `/api/stories/${seed.storyId}/follow`, undefined],
    ['GET', '/api/inbox', undefined],
    ['POST', '/api/push', {}],
  ];
  for (const [method, path, body] of refused) {
    const answer = await stranger.call(method, path, { body });
    expect([path, answer.status, answer.problem().code]).toEqual([path, 401, 'unauthenticated']);
  }
  expect(await takesOf(app.origin, seed)).toHaveLength(1);
});

test('another site’s page can neither command nor open a room', async ({ app }) => {
  const { mira, seed } = await plant(app.origin);
  const headers = { origin: 'https://elsewhere.example' };
  const body = { takeId: newTakeId(), parentId: seed.takeId, body: { kind: 'text', words: 'Ha.' } };
  const answer = await mira.call('POST', `/api/stories/${seed.storyId}/takes`, { body, headers });
  expect(answer.status).toBe(403);
  expect(answer.problem().code).toBe('forbidden');
  expect(await takesOf(app.origin, seed)).toHaveLength(1);

  const socket = new WebSocket(`${app.origin.replace('http', 'ws')}${SOCKET_PATH}`, {
    headers: { ...headers, cookie: mira.cookie },
  });
  const { promise, resolve } = Promise.withResolvers<string>();
  socket.once('error', ({ message }) => resolve(message));
  socket.once('open', () => resolve('open'));
  expect(await promise).toContain('403');
});

test('a parent of another story, or of none, is refused', async ({ app }) => {
  const [{ seed }, { mira, seed: other }] = await Promise.all([
    plant(app.origin),
    plant(app.origin),
  ]);
  for (const parentId of [other.takeId, newTakeId()]) {
    const command = { takeId: newTakeId(), parentId, body: { kind: 'text', words: 'And then.' } };
    const answer = await mira.call('POST', `/api/stories/${seed.storyId}/takes`, { body: command });
    expect([answer.status, answer.problem().code]).toEqual([404, 'not_found']);
  }
  const command = { takeId: newTakeId(), parentId: '../seed', body: { kind: 'text', words: 'x' } };
  const answer = await mira.call('POST', `/api/stories/${seed.storyId}/takes`, { body: command });
  expect([answer.status, answer.problem().code]).toEqual([400, 'bad_request']);
  for (const planted of [seed, other]) {
    expect(await takesOf(app.origin, planted)).toHaveLength(1);
  }
});

test('a start, a duration or an author that somebody claims is refused', async ({ app }) => {
  const { mira, seed } = await plant(app.origin);
  const lou = await HttpPerson.named(app.origin, 'Lou');
  const miras = (await takesOf(app.origin, seed))[0]?.authorId;
  const uploadId = await lou.upload(spoken(52, 5));
  for (const forged of [{ authorId: miras }, { startSamples: 7 }, { durationSamples: 1 }]) {
    const plain = { takeId: newTakeId(), parentId: seed.takeId };
    const body = { kind: 'voice', uploadId };
    for (const command of [
      { ...plain, body, ...forged },
      { ...plain, body: { ...body, ...forged } },
    ]) {
      const answer = await lou.call('POST', `/api/stories/${seed.storyId}/takes`, {
        body: command,
      });
      expect([answer.status, answer.problem().code]).toEqual([400, 'bad_request']);
    }
  }
  expect(await takesOf(app.origin, seed)).toHaveLength(1);
  // Nor can somebody publish what somebody else uploaded.
  const stolen = { kind: 'voice', uploadId: await mira.upload(spoken(53, 6)) };
  const theft = await lou.call('POST', `/api/stories/${seed.storyId}/takes`, {
    body: { takeId: newTakeId(), parentId: seed.takeId, body: stolen },
  });
  expect([theft.status, theft.problem().code]).toEqual([404, 'upload_unknown']);
});

test('a take that does not outlast its parent is told how many seconds it lacks', async ({
  app,
}) => {
  const { mira, seed } = await plant(app.origin);
  const uploadId = await mira.upload(spoken(54, 1.5));
  const answer = await mira.call('POST', `/api/stories/${seed.storyId}/takes`, {
    body: { takeId: newTakeId(), parentId: seed.takeId, body: { kind: 'voice', uploadId } },
  });
  expect([answer.status, answer.problem().code]).toEqual([422, 'does_not_outlast_parent']);
  expect(answer.problem().missingSeconds).toBeCloseTo(1.5, 1);
  expect(answer.problem().message).toContain('1.5 s');
  expect(await takesOf(app.origin, seed)).toHaveLength(1);
});

test('a body that is no command is refused with what is wrong', async ({ app }) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const cases: readonly [unknown, number, string][] = [
    [{}, 400, 'bad_request'],
    [[], 400, 'bad_request'],
    [{ takeId: 'x', title: 'A', body: { kind: 'text', words: 'B' } }, 400, 'bad_request'],
    [{ takeId: newTakeId(), title: ' ', body: { kind: 'text', words: 'B' } }, 400, 'bad_request'],
    [{ takeId: newTakeId(), title: 'A', body: { kind: 'film' } }, 400, 'bad_request'],
    [{ takeId: newTakeId(), title: 'A\0', body: { kind: 'text', words: 'B' } }, 400, 'bad_request'],
    [{ takeId: newTakeId(), title: 'A', body: { kind: 'text', words: '\0' } }, 400, 'bad_request'],
    [{ title: 'A'.repeat(70_000) }, 413, 'too_large'],
  ];
  for (const [body, status, code] of cases) {
    const answer = await mira.call('POST', '/api/stories', { body });
    expect([answer.status, answer.problem().code]).toEqual([status, code]);
  }
  const raw = await fetch(`${app.origin}/api/stories`, {
    method: 'POST',
    headers: { cookie: mira.cookie, origin: app.origin, 'content-type': 'application/json' },
    body: '{"title":',
  });
  expect(raw.status).toBe(400);
  for (const path of ['/s/a%00b', '/?after=%00', '/s/a/history?before=%00']) {
    expect([path, (await fetch(`${app.origin}${path}`)).status]).toEqual([path, 400]);
  }
});

test('a file that is empty, too large or not what was announced does not get in', async ({
  app,
}) => {
  const mira = await HttpPerson.named(app.origin, 'Mira');
  const sha256 = '0'.repeat(64);
  for (const bytes of [0, MAX_UPLOAD_BYTES + 1]) {
    const body = { bytes, contentType: 'audio/wav', sha256 };
    const answer = await mira.call('POST', '/api/uploads', { body });
    expect([answer.status, answer.problem().code]).toEqual([400, 'bad_request']);
  }
  const file = spoken(55, 1);
  const announced = await mira.call('POST', '/api/uploads', {
    body: { bytes: file.byteLength, contentType: 'audio/wav', sha256 },
  });
  const ticketSchema = v.object({
    uploadId: v.string(),
    missing: v.tuple([v.object({ url: v.string() })]),
  });
  const { uploadId, missing } = v.parse(ticketSchema, announced.json());
  const early = await mira.call('POST', `/api/uploads/${uploadId}/complete`);
  expect([early.status, early.problem().code]).toEqual([409, 'upload_incomplete']);
  await fetch(new URL(missing[0].url, app.origin), { method: 'PUT', body: file });
  const wrong = await mira.call('POST', `/api/uploads/${uploadId}/complete`);
  expect([wrong.status, wrong.problem().code]).toEqual([422, 'checksum_mismatch']);
  const body = { takeId: newTakeId(), title: 'Nothing', body: { kind: 'voice', uploadId } };
  const planted = await mira.call('POST', '/api/stories', { body });
  expect([planted.status, planted.problem().code]).toEqual([409, 'upload_incomplete']);
});

const PLAYLIST = '#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n';
const hostile: readonly [string, string, Uint8Array<ArrayBuffer>][] = [
  ['a text', 'This file is not audio', new TextEncoder().encode('Dear server, I am a song.')],
  ['a playlist', 'This file is not audio', new TextEncoder().encode(PLAYLIST)],
  ['half a recording', 'breaks off in the middle', spoken(56, 6).slice(0, 200_001)],
];

for (const [what, reason, file] of hostile) {
  test(`${what} fails where its author sees it, and nobody else`, async ({ app, browser }) => {
    const { seed } = await plant(app.origin);
    const lou = await HttpPerson.named(app.origin, 'Lou');
    const [lous, others] = await Promise.all([
      browser.newContext({ baseURL: app.origin }),
      browser.newContext({ baseURL: app.origin }),
    ]);
    await signIn(lous, lou);
    const [author, stranger] = await Promise.all([lous.newPage(), others.newPage()]);
    for (const page of [author, stranger]) await openStory(page, `/s/${seed.slug}`);

    const failed = await lou.branchVoice(seed, file);
    const notice = author.getByRole('region', { name: 'A take of yours that did not make it' });
    await expect(notice).toContainText(reason);
    await expect(takeOf(author, 'Lou')).toHaveCount(0);
    await expect(stranger.getByText('1 take · 1 voice')).toBeVisible();
    await expect(takeOf(stranger, 'Lou')).toHaveCount(0);
    await expect(stranger.getByText(reason)).toHaveCount(0);

    // It is the author's own, byte for byte, and nobody else's.
    const download = author.waitForEvent('download');
    await notice.getByRole('link', { name: 'Download your recording' }).click();
    await (await download).cancel();
    const original = await lou.call('GET', `/api/takes/${failed.takeId}/original`);
    expect(original.status).toBe(200);
    expect(Buffer.compare(original.bytes, file)).toBe(0);
    for (const somebody of [
      new HttpPerson(app.origin),
      await HttpPerson.named(app.origin, 'Eve'),
    ]) {
      const answer = await somebody.call('GET', `/api/takes/${failed.takeId}/original`);
      expect([answer.status, answer.problem().code]).toEqual([403, 'forbidden']);
      expect((await somebody.call('GET', `/api/takes/${failed.takeId}/stem`)).status).toBe(404);
    }
    // And nobody can answer it.
    const answer = await lou.call('POST', `/api/stories/${seed.storyId}/takes`, {
      body: { takeId: newTakeId(), parentId: failed.takeId, body: { kind: 'text', words: 'So?' } },
    });
    expect([answer.status, answer.problem().code]).toEqual([409, 'parent_unusable']);
    for (const context of [lous, others]) await context.close();
  });
}

test('the same command sent again and again publishes one take', async ({ app }) => {
  const { mira, seed } = await plant(app.origin);
  const uploadId = await mira.upload(wavFile(new Float32Array(5 * SAMPLE_RATE).fill(0.1)));
  const body = {
    takeId: newTakeId(),
    parentId: seed.takeId,
    body: { kind: 'voice', uploadId },
  };
  const send = () => mira.call('POST', `/api/stories/${seed.storyId}/takes`, { body });
  const answers = await Promise.all([send(), send(), send()]);
  for (const { status } of [...answers, await send()]) expect(status).toBe(201);
  expect((await takesOf(app.origin, seed)).filter(isPlaced)).toHaveLength(2);
});
