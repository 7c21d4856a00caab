// What somebody records over: a take of the story, or one of this device that is on its way there.
import type { TakeId } from '#domain/story/ids.ts';
import { isPlaced, type PlacedTake } from '#domain/story/take.ts';
import { pathTo } from '#domain/story/tree.ts';
import { readingTime, startFor } from '#domain/timeline/duet.ts';
import { fileOfKept } from '../kept-takes/download-kept.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import { deviceShelf } from '../kept-takes/take-shelf.ts';
import { peaksOf } from '../player/peaks-path.ts';
import type { LeadTake, Over } from '../recorder/recorder-props.ts';
import { audioOfFile } from '../recorder/take-audio.ts';
import { peaksOfTake } from '../tree/fetch-take.ts';
import type { OutboxItem } from '../upload/queued-take.ts';
import type { StoryPage } from './story-page.svelte.ts';

/** What is asked of a story's page: what the story has, and what waits to go there. */
export type OverStory = Pick<StoryPage, 'voiceOf'> & {
  readonly live: Pick<StoryPage['live'], 'tree' | 'storyId' | 'person'>;
  readonly outbox: Pick<StoryPage['outbox'], 'of'>;
};

/**
 * A take with the two before it on its path. Where one that waits will lie follows from them, as it
 * will in the story.
 * @throws {Error} it is neither in the story nor on its way there, or cannot be read
 */
export async function overOf(story: OverStory, id: TakeId): Promise<Over> {
  const [take, parent = null, grandparent = null] = (await lineTo(story, id)).toReversed();
  if (take === undefined) throw new Error(`${id} is not here`);
  return { take, parent, grandparent };
}

/** Whose take it is: of one that waits, whoever is here. */
export function voiceOfTake(
  story: OverStory,
  id: TakeId,
): { readonly name: string; readonly hue: number } {
  const take = story.live.tree.takes.get(id);
  if (take !== undefined) return story.voiceOf(take.authorId);
  return story.live.person ?? { name: nameOf(waitingIn(story, id)), hue: 0 };
}

/** Whether this person may record over a take of theirs that waits: theirs follows it then. */
export function isAnswerableWaiting(story: StoryPage, { step, of, parentId }: OutboxItem): boolean {
  if (parentId === null || ['refused', 'asks', 'live'].includes(step.at)) return false;
  // Of a file that was chosen only the server can tell how long it becomes.
  if (of.kind === 'voice' && of.take.sending?.part !== 'sent') return false;
  const parent = story.live.tree.takes.get(parentId);
  if (parent !== undefined) return story.isAnswerable(parent);
  const before = waitingIn(story, parentId);
  return before !== undefined && isAnswerableWaiting(story, before);
}

function waitingIn(story: OverStory, id: TakeId): OutboxItem | undefined {
  return story.outbox.of(story.live.storyId).find(({ takeId }) => takeId === id);
}

function nameOf(item: OutboxItem | undefined): string {
  return item === undefined || item.of.take.name === '' ? 'You' : item.of.take.name;
}

/**
 * The last takes of the path to a take, at least three if there are.
 * @throws {Error} it is neither in the story nor on its way there, or cannot be read
 */
async function lineTo(story: OverStory, id: TakeId): Promise<readonly LeadTake[]> {
  const { tree } = story.live;
  const [take, item] = [tree.takes.get(id), waitingIn(story, id)];
  // What the story has and gave no place yet is as this device has it.
  if (item === undefined || (take !== undefined && isPlaced(take))) {
    const last = pathTo(tree, id).filter(isPlaced).slice(-3);
    if (last.at(-1)?.id !== id) throw new Error(`${id} is not here`);
    return Promise.all(last.map((take) => leadOf(story, take)));
  }
  const before = item.parentId === null ? [] : await lineTo(story, item.parentId);
  return [...before, await waitingLead(story, item, before)];
}

async function leadOf(story: OverStory, take: PlacedTake): Promise<LeadTake> {
  const { id, kind, startSamples, durationSamples } = take;
  const peaks = kind === 'voice' ? await peaksOfTake(id, 100) : undefined;
  const { name, hue } = voiceOfTake(story, id);
  return { id, kind, startSamples, durationSamples, name, hue, peaks };
}

async function waitingLead(
  story: OverStory,
  { takeId: id, of }: OutboxItem,
  before: readonly LeadTake[],
): Promise<LeadTake> {
  const [parent = null, grandparent = null] = before.toReversed();
  const startSamples = startFor(of.kind, { parent, grandparent });
  const { name, hue } = voiceOfTake(story, id);
  const facts = { id, kind: of.kind, startSamples, name, hue };
  if (of.kind === 'text') return { ...facts, durationSamples: readingTime(of.take.words) };
  return { ...facts, ...(await heardOf(of.take)) };
}

/** What is heard of a take that waits. @throws {Error} it cannot be read */
async function heardOf(
  take: KeptTake,
): Promise<Required<Pick<LeadTake, 'durationSamples' | 'peaks' | 'file'>>> {
  const shelf = await deviceShelf();
  const kept = shelf === null ? null : await fileOfKept(shelf, take);
  if (kept === null) throw new Error('nothing is kept of it');
  // The recorder's own: once the take is published, the device lets go of the file.
  const file = new Blob([await kept.arrayBuffer()], { type: kept.type });
  const { buffer, durationSamples } = await audioOfFile(file);
  if (buffer === null || durationSamples === null) throw new Error('it cannot be decoded');
  return { durationSamples, peaks: peaksOf([buffer.getChannelData(0)]), file };
}
