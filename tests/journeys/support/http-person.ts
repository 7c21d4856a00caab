// Somebody without a browser: what a program that speaks our HTTP interface can do, and try.
import { createHash, randomUUID } from 'node:crypto';
import { expect } from '@playwright/test';
import * as v from 'valibot';
import { publishedSchema, uploadTicketSchema, type Published } from '#domain/protocol/commands.ts';
import { problemSchema, type ProblemBody } from '#domain/protocol/problem.ts';
import { takeId, type StoryId, type TakeId, type UploadId } from '#domain/story/ids.ts';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body parsed as JSON. */
  json(): unknown;
  /** The typed refusal; throws if the body is none. */
  problem(): ProblemBody['error'];
}

/** How long the worker may take for the takes of a test, milliseconds. */
const MIXED_MS = 60_000;

interface Call {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the answer may be a redirect; unset follows it. */
  readonly redirect?: 'manual';
}

export class HttpPerson {
  readonly origin: string;
  #cookie: string;

  /** @param cookie a Cookie header; empty for somebody without a session */
  constructor(origin: string, cookie = '') {
    this.origin = origin;
    this.#cookie = cookie;
  }

  /** A guest under this name. */
  static async named(origin: string, name: string): Promise<HttpPerson> {
    const guest = new HttpPerson(origin);
    const answer = await guest.call('POST', '/api/session', { body: { name } });
    expectStatus(answer, 201);
    guest.#cookie = answer.headers
      .getSetCookie()
      .map((line) => line.split(';', 1)[0] ?? '')
      .join('; ');
    return guest;
  }

  get cookie(): string {
    return this.#cookie;
  }

  /** One request, with this person's cookie and from our own pages unless `headers` say else. */
  async call(
    method: string,
    path: string,
    { body, headers = {}, redirect }: Call = {},
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.origin), {
      method,
      ...(redirect !== undefined && { redirect }),
      headers: {
        origin: this.origin,
        ...(this.#cookie !== '' && { cookie: this.#cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const json = (): unknown => JSON.parse(new TextDecoder().decode(bytes));
    const problem = (): ProblemBody['error'] => v.parse(problemSchema, json()).error;
    return { status: response.status, headers: response.headers, bytes, json, problem };
  }

  /** Uploads a file whole, as the pages do. */
  async upload(file: Uint8Array<ArrayBuffer>, contentType = 'audio/wav'): Promise<UploadId> {
    const sha256 = createHash('sha256').update(file).digest('hex');
    const announced = await this.call('POST', '/api/uploads', {
      body: { bytes: file.byteLength, contentType, sha256 },
    });
    expectStatus(announced, 201);
    const ticket = v.parse(uploadTicketSchema, announced.json());
    for (const { number, url } of ticket.missing) {
      const from = (number - 1) * ticket.partBytes;
      const body = file.subarray(from, from + ticket.partBytes);
      const sent = await fetch(new URL(url, this.origin), { method: 'PUT', body });
      if (!sent.ok) throw new Error(`part ${number} answered ${sent.status}`);
    }
    expectStatus(await this.call('POST', `/api/uploads/${ticket.uploadId}/complete`), 200);
    return ticket.uploadId;
  }

  async plantVoice(title: string, file: Uint8Array<ArrayBuffer>): Promise<Published> {
    const body = { kind: 'voice', uploadId: await this.upload(file) };
    return published(
      await this.call('POST', '/api/stories', { body: { takeId: newTakeId(), title, body } }),
    );
  }

  async plantWords(title: string, words: string): Promise<Published> {
    const body = { kind: 'text', words };
    return published(
      await this.call('POST', '/api/stories', { body: { takeId: newTakeId(), title, body } }),
    );
  }

  /** Branches once the parent is ready; a parent that never becomes it fails the test. */
  async branchVoice(
    { storyId, takeId: parentId }: Published,
    file: Uint8Array<ArrayBuffer>,
  ): Promise<Published> {
    const body = { kind: 'voice', uploadId: await this.upload(file) };
    return this.#branch(storyId, { takeId: newTakeId(), parentId, body });
  }

  async branchWords(parent: Published, words: string): Promise<Published> {
    return this.#branch(parent.storyId, {
      takeId: newTakeId(),
      parentId: parent.takeId,
      body: { kind: 'text', words },
    });
  }

  async #branch(
    storyId: StoryId,
    command: { takeId: TakeId; parentId: TakeId; body: object },
  ): Promise<Published> {
    const send = () => this.call('POST', `/api/stories/${storyId}/takes`, { body: command });
    let answer = await send();
    await expect(async () => {
      if (answer.status === 409) answer = await send();
      expect(answer.status).not.toBe(409);
    }).toPass({ intervals: [50], timeout: MIXED_MS });
    return published(answer);
  }

  /** Waits until the whole path to a take can be heard: until then it may not be kept. */
  async untilMixed({ takeId: leaf }: Published): Promise<void> {
    await expect
      .poll(
        async () => {
          const { status, headers } = await this.call('HEAD', `/api/takes/${leaf}/path`);
          return `${status} ${headers.get('cache-control')}`;
        },
        { intervals: [100], timeout: MIXED_MS },
      )
      .toContain('200 private, max-age');
  }
}

export function newTakeId(): TakeId {
  return takeId(randomUUID());
}

function published(answer: Answer): Published {
  expectStatus(answer, 201);
  return v.parse(publishedSchema, answer.json());
}

function expectStatus(answer: Answer, status: number): void {
  if (answer.status === status) return;
  throw new Error(
    `answered ${answer.status}, not ${status}: ${new TextDecoder().decode(answer.bytes)}`,
  );
}
