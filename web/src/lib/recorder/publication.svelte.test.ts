import { expect, test } from 'vitest';
import { storyId, takeId } from '#domain/story/ids.ts';
import { uuid } from '../kept-takes/testing/shelf-apart.ts';
import type { Draft } from '../upload/publish.ts';
import { Publication } from './publication.svelte.ts';
import type { RecorderProps } from './recorder-props.ts';
import { PageTakeKeeper } from './take-keeper.ts';
import type { HeldTake } from './take-shelf.svelte.ts';

/** What a browser decoded that did not convert it, each sample its own number. */
function decodedAt(sampleRate: number, seconds: number): AudioBuffer {
  const samples = Float32Array.from({ length: sampleRate * seconds }, (_, at) => at / 1_000_000);
  return {
    sampleRate,
    length: samples.length,
    duration: seconds,
    numberOfChannels: 1,
    getChannelData: () => samples,
    copyFromChannel: () => undefined,
    copyToChannel: () => undefined,
  };
}

function held(buffer: AudioBuffer, trim: HeldTake['trim']): HeldTake {
  const durationSamples = Math.round(buffer.duration * 48_000);
  const file = new Blob(['as it was captured']);
  const audio = { file, buffer, durationSamples, raw: null, timing: undefined };
  const facts = { id: takeId(uuid(1)), number: 1, nudgeMs: 0, atMs: 0, flaws: [] };
  return { ...facts, audio, recorded: audio, trim };
}

/** The file that is sent of a take. */
async function sentOf(take: HeldTake): Promise<Blob> {
  let sent: Draft | null = null;
  const keeper = new PageTakeKeeper();
  keeper.publish = async (draft) => {
    sent = draft;
    return { kind: 'queued' };
  };
  const props: RecorderProps = {
    storyId: storyId(uuid(9)),
    over: null,
    person: null,
    onpublished: () => undefined,
    oncancel: () => undefined,
  };
  const place = { punchSamples: 0, parent: null };
  await new Publication(props, place, keeper).send(take, { name: '', title: '', words: '' });
  const content = (sent as Draft | null)?.content;
  if (content?.kind !== 'voice') throw new Error('nothing was sent');
  return content.file;
}

test('a trim cuts at its time, at whatever rate a take was decoded', async () => {
  const take = held(decodedAt(44_100, 4), { fromSamples: 48_000, toSamples: 3 * 48_000 });
  const file = await sentOf(take);
  const pcm = new Int16Array(await file.slice(44).arrayBuffer());
  expect(pcm).toHaveLength(2 * 44_100);
  // In the middle, away from its fades: two seconds into the recording.
  expect(pcm[44_100]).toBeCloseTo((2 * 44_100 * 0x7f_ff) / 1_000_000, -1);
});

test('a take that was not cut is sent as it is, at whatever rate it was decoded', async () => {
  const take = held(decodedAt(44_100, 4), { fromSamples: 0, toSamples: 4 * 48_000 });
  expect(await sentOf(take)).toBe(take.audio.file);
});
