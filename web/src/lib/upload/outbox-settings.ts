// What the outbox is given: the takes that wait on this device, and the ways to the story.
import type { Entered, Published } from '#domain/protocol/commands.ts';
import type { TakeId, UserId } from '#domain/story/ids.ts';
import type { KeptTake } from '../kept-takes/kept-take.ts';
import type { Step } from './sending-step.ts';
import type { WrittenTake, WrittenTakes } from './written-takes.ts';

/** The spoken takes of this device, as the queue needs them. */
export interface QueuedVoices {
  all(): Promise<readonly KeptTake[]>;
  /** The take is in the story: its sound may go. */
  published(id: TakeId, published: Published): Promise<void>;
  /** The story did not take it; null forgets why. */
  refused(id: TakeId, problem: KeptTake['problem']): Promise<void>;
  /** It is this person's, who had no session before or says so now. */
  signed(id: TakeId, userId: UserId): Promise<void>;
  /** It is not sent, for now. */
  withdrawn(id: TakeId): Promise<void>;
  /** Sends it; safe to repeat. @throws {Refused} @throws {Unreachable} */
  send(take: KeptTake, onstep: (step: Step) => void, signal: AbortSignal): Promise<Published>;
}

export interface OutboxSettings {
  /** Who is at this page: nobody's takes are published under another person's name. */
  readonly person: () => UserId | null;
  readonly written: () => Promise<WrittenTakes | null>;
  readonly voices: () => Promise<QueuedVoices | null>;
  /** Sends a written take; safe to repeat. */
  readonly sendWords: (take: WrittenTake) => Promise<Published>;
  /** Makes a guest under this name of whoever has no session, and says who is here. */
  readonly enter: (name: string) => Promise<Entered>;
  /** The page is to learn who is here now. */
  readonly onEntered: () => Promise<void>;
  /** Runs `work` while no other tab runs any. */
  readonly alone: (work: () => Promise<void>) => Promise<void>;
  readonly isOnline: () => boolean;
  /** How long to wait after the line failed, ms. */
  readonly pauseMs?: number;
}
