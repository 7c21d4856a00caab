// What a recorder says of its take to whoever keeps and publishes it.
import type { TakeId } from '#domain/story/ids.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { TakeOrigin } from '../kept-takes/take-origin.ts';
import type { Draft } from '../upload/publish.ts';
import type { LeadPlan } from './lead.ts';
import type { RecorderProps } from './recorder-props.ts';
import type { TakeAudio } from './take-audio.ts';
import type { Typed } from './take-keeper.ts';

/** How a take is captured; a chosen file is not. */
export type Capturing = Pick<
  TakeOrigin,
  'sampleRate' | 'leadFrames' | 'compensationFrames' | 'device' | 'loose'
>;

const CHOSEN: Capturing = {
  sampleRate: SAMPLE_RATE,
  leadFrames: 0,
  compensationFrames: 0,
  device: '',
};

/** Of a take that begins now. */
export function originOf(
  takeId: TakeId,
  { storyId, over }: RecorderProps,
  { punchSamples }: LeadPlan,
  capturing: Capturing = CHOSEN,
): TakeOrigin {
  const parentId = over?.take.id ?? null;
  const facts = { takeId, storyId, parentId, punchSamples };
  return { ...facts, ...capturing, capturedAtMs: Date.now() };
}

/** Whether a take of an earlier visit belongs to this recorder: a new story takes any. */
export function isHere(
  origin: Pick<TakeOrigin, 'storyId' | 'parentId'>,
  { storyId, over }: Pick<RecorderProps, 'storyId' | 'over'>,
): boolean {
  if (storyId === null) return true;
  return origin.storyId === storyId && origin.parentId === (over?.take.id ?? null);
}

/** A name that its author chose for themselves; empty if it is the one that they have. */
export function chosenName(name: string, person: RecorderProps['person']): string {
  const said = name.trim();
  // One that was not changed is not sent: it would undo what the person is called by then.
  return said === person?.name ? '' : said;
}

/** What is published of a take. */
export function draftOf(
  takeId: TakeId,
  { storyId, over, person }: Pick<RecorderProps, 'storyId' | 'over' | 'person'>,
  { file, timing }: Pick<TakeAudio, 'file' | 'timing'>,
  { name, title, words }: Typed,
): Draft {
  const place: Draft['place'] =
    storyId === null || over === null
      ? { kind: 'plant', title: title.trim() }
      : { kind: 'branch', storyId, parentId: over.take.id };
  const content = { kind: 'voice', file, words, timing } as const;
  const chosen = chosenName(name, person);
  return { takeId, place, content, ...(chosen !== '' && { name: chosen }) };
}
