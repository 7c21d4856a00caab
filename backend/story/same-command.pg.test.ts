// A command that is sent again does nothing again.
import { randomUUID } from 'node:crypto';
import { eq } from 'drizzle-orm';
import { describe, expect, test } from 'vitest';
import * as Y from 'yjs';
import { roomName } from '#domain/protocol/room.ts';
import { wordsOf } from '#domain/story/document.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { takes } from '#drizzle/schema.ts';
import { mirrorWords, publishUpdates } from '#backend/postgres/documents.ts';
import { freshDatabase } from '../../tests/harness/database.ts';
import { branchStory } from './branch.ts';
import { plantStory } from './plant.ts';
import { countRows, newTakeId } from './testing/publishing.ts';
import { refusal, seconds, useSite } from './testing/publishing-site.ts';

const site = useSite(freshDatabase);

/** Writes other words into a take, as somebody at the room does. */
async function rewrite(id: TakeId, before: string, after: string): Promise<void> {
  const document = roomName({ kind: 'words', takeId: id });
  const doc = new Y.Doc();
  wordsOf(doc).insert(0, before);
  const seed = Y.encodeStateAsUpdate(doc);
  const seeded = Y.encodeStateVector(doc);
  doc.transact(() => {
    wordsOf(doc).delete(0, before.length);
    wordsOf(doc).insert(0, after);
  });
  const edit = Y.encodeStateAsUpdate(doc, seeded);
  const updates = [
    { document, update: seed },
    { document, update: edit, userId: site.mira.id },
  ];
  await publishUpdates(site.db, updates, randomUUID());
  await site.db.transaction((tx) => mirrorWords(tx, id));
}

describe('the same command', () => {
  test('sent twenty times at once plants one story and answers twenty times alike', async () => {
    const uploaded = await site.recording(site.mira, seconds(1));
    const command = {
      takeId: newTakeId(),
      title: 'Once only',
      body: { kind: 'voice', uploadId: uploaded },
    };
    const before = await countRows(site.db);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => plantStory(site, site.mira, command)),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const after = await countRows(site.db);
    expect(after['stories']).toBe((before['stories'] ?? 0) + 1);
    expect(after['takes']).toBe((before['takes'] ?? 0) + 1);
    expect(await site.jobsOf(command.takeId)).toEqual(['take.ingest']);
  });

  test('known failure 41: sent twenty times at once branches once, even after the parent is gone bad', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const uploaded = await site.recording(site.jo, seconds(2));
    const command = {
      takeId: newTakeId(),
      parentId: seed,
      body: { kind: 'voice', uploadId: uploaded },
    };
    const send = () => branchStory(site, site.jo, story, command);
    const answers = await Promise.all(Array.from({ length: 20 }, send));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await site.jobsOf(command.takeId)).toEqual(['take.ingest']);
    const children = await site.db.select().from(takes).where(eq(takes.parentId, seed));
    expect(children).toHaveLength(1);
    await site.ingest(seed, { failure: 'internal' });
    expect(await send()).toEqual(answers[0]);
  });

  test('is a conflict from somebody else, for another story, parent or recording', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const other = await site.planted(site.mira, seconds(1));
    const answer = await site.branched(site.jo, story, seed, seconds(2));
    await site.ingest(answer.takeId);
    const { uploadId: uploaded } = await site.row(answer.takeId);
    const body = { kind: 'voice', uploadId: uploaded };
    const command = { takeId: answer.takeId, parentId: seed, body };
    const another = { kind: 'voice', uploadId: await site.recording(site.jo, seconds(2)) };
    const conflicts = [
      branchStory(site, site.mira, story, command),
      branchStory(site, site.jo, other.storyId, command),
      branchStory(site, site.jo, story, { ...command, parentId: answer.takeId }),
      branchStory(site, site.jo, story, { ...command, body: { kind: 'text', words: 'other' } }),
      branchStory(site, site.jo, story, { ...command, body: another }),
      plantStory(site, site.jo, { takeId: answer.takeId, title: 'Mine', body }),
    ];
    for (const problem of await Promise.all(conflicts.map(refusal))) {
      expect(problem).toMatchObject({ code: 'conflict', status: 409 });
    }
  });
});

const text = (words: string) => ({ kind: 'text', words });

describe('the same command with other words', () => {
  test('is refused, of a written take and of a voice', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const command = { takeId: newTakeId(), parentId: seed, body: text('Once.') };
    const answer = await branchStory(site, site.jo, story, command);
    expect(await branchStory(site, site.jo, story, command)).toEqual(answer);
    const other = branchStory(site, site.jo, story, {
      ...command,
      body: text('Once. Upon a time.'),
    });
    expect(await refusal(other)).toMatchObject({ code: 'published_otherwise', status: 409 });
    expect((await site.row(command.takeId)).words).toBe('Once.');

    const uploaded = await site.recording(site.mira, seconds(1));
    const voice = (words: string) => ({ kind: 'voice', uploadId: uploaded, words });
    const plant = { takeId: newTakeId(), title: 'Spoken', body: voice('Hear.') };
    const planting = await plantStory(site, site.mira, plant);
    expect(await plantStory(site, site.mira, plant)).toEqual(planting);
    const said = plantStory(site, site.mira, { ...plant, body: voice('Listen.') });
    expect(await refusal(said)).toMatchObject({ code: 'published_otherwise' });
  });

  test('is measured by the words of then, not by those that people wrote since', async () => {
    const { storyId: story, seed } = await site.planted(site.mira, seconds(1));
    const command = { takeId: newTakeId(), parentId: seed, body: text('Once.') };
    const answer = await branchStory(site, site.jo, story, command);
    await rewrite(command.takeId, 'Once.', 'Twice.');
    expect((await site.row(command.takeId)).words).toBe('Twice.');
    expect(await branchStory(site, site.jo, story, command)).toEqual(answer);
    const other = branchStory(site, site.jo, story, { ...command, body: text('Thrice.') });
    expect(await refusal(other)).toMatchObject({ code: 'published_otherwise' });
  });
});
