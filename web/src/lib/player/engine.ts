// The port between the player, which knows what a listener wants, and what gets sound into the
// page's audio element: segments that are fed to it, or one address (decision 025).
import type { TakeId } from '#domain/story/ids.ts';
import type { MediaPort } from './media-port.ts';

/** A path in one state of the worker's work on it. */
export interface EnginePath {
  readonly leaf: TakeId;
  /** Changes when more of the path can be heard, or other voices. */
  readonly state: string;
  /**
   * Places on the path of the takes whose voices are left out. Where one is added, what sounded
   * before must sound no more; where one is heard again, it may play to its end.
   */
  readonly silent: readonly number[];
  /** False while not even the seed can be heard. */
  readonly isHeard: boolean;
}

/** Whether a voice is left out of a path that was not before. */
export function hushes({ silent }: EnginePath, before: EnginePath | null): boolean {
  return silent.some((place) => before?.silent.includes(place) !== true);
}

/** What an engine tells the player. What the element does, the player sees by itself. */
export interface EngineReports {
  /** The element has a new source: play, if that is wanted. */
  readonly onsource: () => void;
  /** What the element has played to its end is the end of the path. */
  readonly onend: () => void;
  /** How far the path can be heard, in samples. */
  readonly onlength: (samples: number) => void;
  /** From where on it is mixed in the page; null if nothing is. */
  readonly onrough: (fromSamples: number | null) => void;
  /** The network does not answer, or does again. It is tried by itself. */
  readonly ondropped: (dropped: boolean) => void;
  /** Nothing of this path can be heard yet. */
  readonly onnothing: () => void;
  /** This path cannot be played. The words are for a person. */
  readonly onfailed: (words: string) => void;
}

export interface Engine {
  /** Whether it plays takes that are stored and not rendered. */
  readonly mixesRoughly: boolean;
  /** True while the element's source is replaced: its pauses are not a person's. */
  readonly isLoading: boolean;
  /** Where the listener is: the place they asked for, as soon as they ask. */
  readonly positionSamples: number;
  /**
   * Plays this path from now on: at `atSamples`, or, with null, at the same story time and with
   * what is loaded of a path that it shares. Playing and pausing is the element's matter.
   */
  open(path: EnginePath, atSamples: number | null): void;
  seek(samples: number): void;
  /**
   * The element is at the end of what it has: true if more of the path may come. `onsource` says
   * that it has, `onend` that there is none.
   */
  hasMore(): boolean;
  /** Paths that may be chosen next, likeliest first; what they would need is loaded if there is time. */
  prefetch(paths: readonly EnginePath[]): void;
  /** The element has failed, as these words say: a report says so, or why. */
  explain(words: string): void;
  /** Lets go of the element and ends everything that runs. */
  close(): void;
}

export type OpenEngine = (media: MediaPort, reports: EngineReports) => Promise<Engine>;
