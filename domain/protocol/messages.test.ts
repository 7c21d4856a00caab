// The messages between browser, web and the other processes: what parses, and what does not.
import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import {
  announceUploadSchema,
  branchSchema,
  MAX_UPLOAD_BYTES,
  plantSchema,
  pushSubscriptionSchema,
  takeBodySchema,
} from './commands.ts';
import { deadLetterOf, jobNames, jobSchemas } from './jobs.ts';
import { noticeSchemas } from './notices.ts';
import { Problem, problemCodes, problemSchema, problemStatus } from './problem.ts';

const id = '6f9619ff-8b86-4011-b42d-00c04fc964ff';
const sha256 = 'a'.repeat(64);

describe('jobs', () => {
  it('are all named, each with a place for its dead', () => {
    expect(new Set(jobNames)).toEqual(new Set(Object.keys(jobSchemas)));
    const places = jobNames.map(deadLetterOf);
    expect(new Set([...places, ...jobNames]).size).toBe(2 * jobNames.length);
  });

  it('carry ids and hardly anything else', () => {
    for (const name of ['take.ingest', 'take.render'] as const) {
      expect(v.parse(jobSchemas[name], { takeId: id, extra: 1 })).toEqual({ takeId: id });
      expect(v.is(jobSchemas[name], { takeId: '../etc' })).toBe(false);
    }
    const again = { takeId: id, deadSinceMs: 1_795_823_217_754 };
    expect(v.parse(jobSchemas['take.ingest'], again)).toEqual(again);
    expect(v.is(jobSchemas['alert.deliver'], { notificationId: id })).toBe(true);
    expect(v.is(jobSchemas['alert.deliver'], {})).toBe(false);
  });

  it('survive the queue’s JSON, and no garbage passes for one', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const name of jobNames) expect(v.is(jobSchemas[name], value)).toBe(false);
      }),
    );
  });
});

describe('notices', () => {
  it('parse after JSON, and stay below the 8000 bytes of a NOTIFY', () => {
    const notices = {
      story_event: { storyId: id },
      document_update: { document: `take:${id}:words`, node: id, firstSeq: 2 ** 40 },
      words_forgotten: { takeId: id },
      take_progress: {
        storyId: id,
        notice: { type: 'progress', takeId: id, stage: 'ingest', done: 1 / 3 },
      },
      session_revoked: { sessionIds: Array<string>(100).fill('f'.repeat(64)) },
      inbox: { userId: id },
    } as const;
    expect(new Set(Object.keys(notices))).toEqual(new Set(Object.keys(noticeSchemas)));
    const names = Object.keys(noticeSchemas) as (keyof typeof noticeSchemas)[];
    for (const name of names) {
      const text = JSON.stringify(notices[name]);
      expect(v.parse(noticeSchemas[name], JSON.parse(text))).toEqual(notices[name]);
      expect(text.length).toBeLessThan(7_500);
    }
  });

  it('are nothing else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const schema of Object.values(noticeSchemas)) expect(v.is(schema, value)).toBe(false);
      }),
    );
  });
});

const announcedAs = (contentType: string): string =>
  v.parse(announceUploadSchema, { bytes: 1, contentType, sha256 }).contentType;

describe('commands', () => {
  it('spell an id one way, however it was sent', () => {
    const body = { kind: 'voice', uploadId: id.toUpperCase() };
    const command = { takeId: id.toUpperCase(), parentId: id.toUpperCase(), body };
    expect(v.parse(branchSchema, command)).toMatchObject({
      takeId: id,
      parentId: id,
      body: { uploadId: id },
    });
  });

  it('hold a voice or words, never neither', () => {
    expect(v.is(takeBodySchema, { kind: 'voice', uploadId: id })).toBe(true);
    expect(v.is(takeBodySchema, { kind: 'voice' })).toBe(false);
    expect(v.is(takeBodySchema, { kind: 'text', words: ' \n ' })).toBe(false);
    expect(v.parse(takeBodySchema, { kind: 'text', words: ' rain ' })).toMatchObject({
      words: 'rain',
    });
    expect(v.is(takeBodySchema, { kind: 'text', words: 'a'.repeat(5_001) })).toBe(false);
  });

  it('known failure 24: cannot bring a start, a duration or an author', () => {
    const forged = { startSamples: 0, durationSamples: 5, authorId: id };
    const command = { takeId: id, title: 'Rain', body: { kind: 'voice', uploadId: id } };
    expect(v.is(plantSchema, command)).toBe(true);
    for (const [name, value] of Object.entries(forged)) {
      expect(v.is(plantSchema, { ...command, [name]: value })).toBe(false);
      const body = { ...command.body, [name]: value };
      expect(v.is(plantSchema, { ...command, body })).toBe(false);
    }
  });

  it('known failures 24 and 47: announce files of a whole, bounded size and a full hash, and name nothing', () => {
    const file = { bytes: MAX_UPLOAD_BYTES, contentType: 'audio/wav', sha256 };
    expect(v.is(announceUploadSchema, file)).toBe(true);
    for (const bytes of [0, -1, 1.5, MAX_UPLOAD_BYTES + 1, Number.NaN, '5']) {
      expect(v.is(announceUploadSchema, { ...file, bytes })).toBe(false);
    }
    for (const hash of ['', 'A'.repeat(64), 'a'.repeat(63), `${sha256}\n`]) {
      expect(v.is(announceUploadSchema, { ...file, sha256: hash })).toBe(false);
    }
    for (const claim of [{ key: 'audio/x.exe' }, { filename: 'wav' }, { durationSamples: 5 }]) {
      expect(v.is(announceUploadSchema, { ...file, ...claim })).toBe(false);
    }
  });

  it.each([
    'audio/webm;codecs=opus',
    'audio/webm; codecs=opus',
    'audio/mp4; codecs="mp4a.40.2"',
    'audio/ogg; codecs=opus',
    'audio/x-m4a',
    'audio/vnd.wave',
    'video/webm;codecs="vp8, opus"',
    'application/octet-stream',
  ])('known failure 46: take a file as %s, as browsers call it', (type) => {
    expect(announcedAs(type)).toBe(type);
  });

  it.each([
    '',
    'wav',
    '.wav',
    'audio/',
    'audio/wav\r\nset-cookie: a=b',
    'audio/wav\n',
    '音/声',
    'a b/c',
  ])('known failure 25: take a file as %j for bytes of an unknown kind', (type) => {
    expect(announcedAs(type)).toBe('application/octet-stream');
  });

  it('subscribe with what a browser’s toJSON gives', () => {
    const subscription = {
      endpoint: 'https://fcm.googleapis.com/fcm/send/x',
      expirationTime: null,
      keys: { p256dh: 'BA', auth: 'AA' },
    };
    expect(v.is(pushSubscriptionSchema, subscription)).toBe(true);
    expect(v.is(pushSubscriptionSchema, { ...subscription, endpoint: 'here' })).toBe(false);
    expect(v.is(pushSubscriptionSchema, { endpoint: subscription.endpoint })).toBe(false);
  });
});

describe('a problem', () => {
  it('of every code has a status of a refusal, and a body that parses', () => {
    for (const code of problemCodes) {
      const problem = new Problem(code, 'So it is.', { missingSeconds: 1.5, cause: 'why' });
      expect(problem.status).toBe(problemStatus[code]);
      expect(problem.status).toBeGreaterThanOrEqual(400);
      const body: unknown = JSON.parse(JSON.stringify(problem.toBody('ref-1')));
      expect(v.parse(problemSchema, body)).toEqual({
        error: { code, message: 'So it is.', missingSeconds: 1.5, ref: 'ref-1' },
      });
    }
  });

  it('tells nothing that it was not given', () => {
    expect(new Problem('not_found', 'Gone.').toBody()).toEqual({
      error: { code: 'not_found', message: 'Gone.' },
    });
  });
});
