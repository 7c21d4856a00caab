// What a page gives to <Recorder>, and what it gets back.
import type { Published } from '#domain/protocol/commands.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import type { TakeKind } from '#domain/story/take.ts';
import type { Span } from '#domain/timeline/duet.ts';
import type { TakeKeeper } from './take-keeper.ts';

/** An ancestor of the new take, as the recorder needs it: where it lies, and whose it is. */
export interface LeadTake extends Span {
  readonly id: TakeId;
  readonly kind: TakeKind;
  /** Whose voice it is. */
  readonly name: string;
  /** Which of the eight voice colours it has. */
  readonly hue: number;
  /** Signed 8-bit min/max pairs, 100 a second; left out, no waveform is drawn. */
  readonly peaks?: Uint8Array | Int8Array | undefined;
  /** What is heard of it, of a take that the story does not have yet; left out, the story's stem. */
  readonly file?: Blob | undefined;
}

/** The take that is recorded over, and the two before it on its path. */
export interface Over {
  readonly take: LeadTake;
  readonly parent: LeadTake | null;
  readonly grandparent: LeadTake | null;
}

export interface RecorderProps {
  /** The story that grows; null plants a new one. */
  readonly storyId: StoryId | null;
  /** Null for the seed of a new story. */
  readonly over: Over | null;
  /** The session's person, if there is one: their name is proposed when publishing. */
  readonly person: { readonly name: string } | null;
  /** Keeps the takes over the page's end; left out, they are this page's. It is closed with it. */
  readonly keeper?: TakeKeeper | undefined;
  /** A take that the keeper kept on an earlier visit, to be looked at now. */
  readonly recover?: TakeId | null;
  /** Told once the server has committed the take. */
  readonly onpublished: (published: Published) => void;
  /** Told when the take waits on this device to be published by itself. */
  readonly onqueued?: () => void;
  /** Told when the person leaves without publishing. */
  readonly oncancel: () => void;
  /** Told when the person would rather write the take; left out, that is not offered. */
  readonly onwrite?: () => void;
  /** Told the take that is being recorded over, from Record to Stop; null otherwise. For presence. */
  readonly onrecording?: (over: TakeId | null) => void;
  /** Told whether a take is being captured: nothing else takes the recorder's place meanwhile. */
  readonly oncapturing?: (captures: boolean) => void;
}
