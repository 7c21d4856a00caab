import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { takeId, uploadId } from '#domain/story/ids.ts';
import { Refused, Unreachable } from './api.ts';
import type { UploadProgress } from './part-progress.ts';
import { publishDraft, type Draft } from './publish.ts';
import { LinkRefused, type SendPart } from './send-part.ts';
import { uploadFile, type UploadOptions } from './upload-file.ts';

const PART = 100_000;
const file = new Blob([randomBytes(3 * PART + 17)], { type: 'audio/wav' });

type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** An upload server over real HTTP that fails when it is told to. */
class Peer {
  readonly parts = new Map<number, Buffer>();
  readonly requests: string[] = [];
  readonly commands: unknown[] = [];
  readonly sessions: unknown[] = [];
  readonly id = randomUUID();
  announced: { bytes: number; sha256: string; contentType: string } | null = null;
  complete = false;
  /** Each request is offered to these until one of them spoils it, which uses that one up. */
  faults: Fault[] = [];
  origin = '';
  #server: Server | undefined;

  async listen(): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server?.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    this.origin = `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`;
    this.requests.push(route);
    const fault = this.faults.findIndex((spoils) => spoils(request, response));
    if (fault !== -1) {
      this.faults.splice(fault, 1);
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const part = /^PUT \/store\/(\d+)$/u.exec(route);
    if (part !== null) {
      this.parts.set(Number(part[1]), body);
      response.end();
    } else if (route === 'POST /api/uploads') {
      this.announced = JSON.parse(body.toString()) as NonNullable<Peer['announced']>;
      reply(response, 200, this.#ticket());
    } else if (route === `GET /api/uploads/${this.id}`) reply(response, 200, this.#ticket());
    else if (route === `POST /api/uploads/${this.id}/complete`) this.#complete(response);
    else if (route === 'POST /api/session') {
      this.sessions.push(JSON.parse(body.toString()));
      reply(response, 200, {});
    } else if (route.startsWith('POST /api/stories')) {
      this.commands.push([route, JSON.parse(body.toString())]);
      reply(response, 200, { storyId: randomUUID(), slug: 'river', takeId: randomUUID() });
    } else reply(response, 404, problem('not_found', 'Nothing is here.'));
  }

  #complete(response: ServerResponse): void {
    if (this.#ticket().missing.length > 0) {
      reply(response, 409, problem('upload_incomplete', 'Parts are missing.'));
      return;
    }
    this.complete = true;
    reply(response, 200, this.#ticket());
  }

  #ticket() {
    const count = Math.ceil((this.announced?.bytes ?? 0) / PART);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    return {
      uploadId: this.id,
      partBytes: PART,
      state: this.complete ? 'complete' : 'open',
      missing: numbers
        .filter((number) => !this.parts.has(number))
        .map((number) => ({ number, url: `${this.origin}/store/${number}` })),
    };
  }

  /** SHA-256 of what arrived. */
  hash(): string {
    const inOrder = [...this.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    return createHash('sha256').update(Buffer.concat(inOrder)).digest('hex');
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
const problem = (code: string, message: string) => ({ error: { code, message } });

const drop =
  (route: RegExp): Fault =>
  (request) => {
    const hit = route.test(`${request.method} ${request.url}`);
    if (hit) request.socket.destroy();
    return hit;
  };
const refuse =
  (route: RegExp, status: number, body: unknown): Fault =>
  (request, response) => {
    const hit = route.test(`${request.method} ${request.url}`);
    if (hit) request.resume().on('end', () => reply(response, status, body));
    return hit;
  };

/** What XMLHttpRequest does in the browser, over Node's fetch. */
const sendByFetch: SendPart = async (url, part, { signal, onsent }) => {
  const response = await fetch(url, { method: 'PUT', body: part, signal: signal ?? null }).catch(
    (error: unknown) => {
      signal?.throwIfAborted();
      throw new Unreachable('dropped', { cause: error });
    },
  );
  await response.arrayBuffer();
  if (response.status >= 500) throw new Unreachable(`${response.status}`);
  if (!response.ok) throw new LinkRefused(`${response.status}`);
  onsent(part.size);
};

let peer: Peer;
let waits: number[];
let progress: UploadProgress[];
let options: UploadOptions;

beforeEach(async () => {
  peer = new Peer();
  await peer.listen();
  waits = [];
  progress = [];
  options = {
    fetch: (path, init) => fetch(new URL(path as string, peer.origin), init),
    send: sendByFetch,
    sleep: async (ms) => void waits.push(ms),
    random: () => 1,
    onprogress: (now) => progress.push(now),
  };
});
afterEach(() => peer.close());

describe('uploadFile', () => {
  test('sends every byte, under its announced hash, and completes', async () => {
    expect(await uploadFile(file, options)).toBe(peer.id);
    expect(peer.complete).toBe(true);
    expect(peer.hash()).toBe(peer.announced?.sha256);
    expect(peer.announced).toMatchObject({ bytes: file.size, contentType: 'audio/wav' });
    const shares = progress.map(({ share }) => share);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(0)).toBe(0);
    expect(shares.at(-1)).toBe(1);
    const arrived = progress.map((now) => `${now.arrived} of ${now.parts}`);
    expect([arrived.at(0), arrived.at(-1)]).toEqual(['0 of 4', '4 of 4']);
  });

  test('nothing is sent before its id is safe', async () => {
    const noted: string[] = [];
    const onopened = async (id: string): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      noted.push(id, ...peer.requests.filter((route) => route.startsWith('PUT')));
    };
    await uploadFile(file, { ...options, onopened });
    expect(noted).toEqual([peer.id]);
  });

  test('a hash that is known is not counted again', async () => {
    const sha256 = createHash('sha256').update('something else').digest('hex');
    await uploadFile(file, { ...options, sha256 });
    expect(peer.announced?.sha256).toBe(sha256);
  });

  test('a dropped part is sent again alone, after growing waits', async () => {
    peer.faults = [drop(/PUT \/store\/2/u), drop(/PUT \/store\/2/u)];
    await uploadFile(file, options);
    const puts = peer.requests.filter((route) => route.startsWith('PUT')).toSorted();
    expect(puts).toEqual([1, 2, 2, 2, 3, 4].map((number) => `PUT /store/${number}`));
    expect(waits).toEqual([500, 1000]);
    expect(progress.some(({ waitMs }) => waitMs === 1000)).toBe(true);
    expect(peer.hash()).toBe(peer.announced?.sha256);
  });

  test('dropped announcements, tickets and completions are asked for again', async () => {
    peer.faults = [drop(/POST \/api\/uploads$/u), drop(/complete/u)];
    await uploadFile(file, options);
    expect(peer.complete).toBe(true);
  });

  test('gives up after six tries and goes on later where it stopped', async () => {
    peer.faults = Array.from({ length: 6 }, () => drop(/PUT \/store\/4/u));
    const opened: string[] = [];
    const failing = uploadFile(file, { ...options, onopened: (id) => void opened.push(id) });
    await expect(failing).rejects.toThrow(Unreachable);
    peer.requests.length = 0;
    await uploadFile(file, { ...options, resume: uploadId(opened[0] ?? '') });
    expect(peer.requests.filter((route) => route.startsWith('PUT'))).toEqual(['PUT /store/4']);
    expect(peer.complete).toBe(true);
  });

  test('an expired link is replaced by a new ticket', async () => {
    peer.faults = [refuse(/PUT \/store\/3/u, 403, {})];
    await uploadFile(file, options);
    expect(peer.requests).toContain(`GET /api/uploads/${peer.id}`);
    expect(peer.complete).toBe(true);
  });

  test('a file that arrived damaged is sent again', async () => {
    peer.faults = [refuse(/complete/u, 422, problem('checksum_mismatch', 'Damaged.'))];
    await uploadFile(file, options);
    expect(peer.requests).toContain(`GET /api/uploads/${peer.id}`);
    expect(peer.complete).toBe(true);
  });

  test('an upload that the server has forgotten begins anew', async () => {
    peer.faults = [refuse(/GET \/api\/uploads/u, 404, problem('not_found', 'Gone.'))];
    await uploadFile(file, { ...options, resume: uploadId(randomUUID()) });
    expect(peer.complete).toBe(true);
  });

  test('a complete upload is not sent again', async () => {
    await uploadFile(file, options);
    peer.requests.length = 0;
    await uploadFile(file, { ...options, resume: uploadId(peer.id) });
    expect(peer.requests.some((route) => route.startsWith('PUT'))).toBe(false);
  });

  test("a refusal is told at once, in the server's words", async () => {
    peer.faults = [refuse(/POST \/api\/uploads$/u, 413, problem('too_large', 'Too large.'))];
    const refused = await uploadFile(file, options).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Refused);
    expect(refused).toMatchObject({ status: 413, problem: { code: 'too_large' } });
    expect(waits).toEqual([]);
  });

  test('aborting ends it with the reason of the abort', async () => {
    const abort = new AbortController();
    const reason = new Error('discarded');
    peer.faults = [drop(/PUT \/store\/1/u)];
    const sleep = async (): Promise<void> => abort.abort(reason);
    await expect(uploadFile(file, { ...options, sleep, signal: abort.signal })).rejects.toBe(
      reason,
    );
    expect(peer.complete).toBe(false);
  });
});

describe('publishDraft', () => {
  const draft: Draft = {
    takeId: takeId(randomUUID()),
    name: 'Mira',
    place: { kind: 'plant', title: 'River' },
    content: { kind: 'voice', file, words: ' ' },
  };

  test('takes a session, uploads, then plants under the same take id however often it is sent', async () => {
    peer.faults = [drop(/POST \/api\/stories/u)];
    const published = await publishDraft(draft, options);
    expect(published.slug).toBe('river');
    const command = {
      takeId: draft.takeId,
      name: 'Mira',
      title: 'River',
      body: { kind: 'voice', uploadId: peer.id },
    };
    expect(peer.commands).toEqual([['POST /api/stories', command]]);
    expect(peer.requests[0]).toBe('POST /api/session');
  });

  test('a written take is branched without any upload', async () => {
    const storyId = randomUUID();
    const parentId = takeId(randomUUID());
    await publishDraft(
      {
        takeId: draft.takeId,
        place: { kind: 'branch', storyId: storyId as never, parentId },
        content: { kind: 'text', words: 'Then it rained.' },
      },
      options,
    );
    const body = { kind: 'text', words: 'Then it rained.' };
    expect(peer.commands).toEqual([
      [`POST /api/stories/${storyId}/takes`, { takeId: draft.takeId, parentId, body }],
    ]);
    expect(peer.announced).toBeNull();
  });
});
