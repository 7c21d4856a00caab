// The part of an <audio> element that the player uses, so that it can be driven without a browser.

export type MediaEvent =
  | 'play'
  | 'playing'
  | 'pause'
  | 'ended'
  | 'waiting'
  | 'error'
  | 'loadedmetadata'
  | 'seeking'
  | 'seeked'
  | 'timeupdate';

export interface MediaPort {
  src: string;
  currentTime: number;
  readonly duration: number;
  readonly paused: boolean;
  readonly ended: boolean;
  readonly readyState: number;
  readonly error: { readonly code: number } | null;
  preload: string;
  /** True where an element must not be sent to another device to be fed. */
  disableRemotePlayback?: boolean;
  play(): Promise<void>;
  pause(): void;
  load(): void;
  canPlayType(type: string): string;
  addEventListener(event: MediaEvent, listener: () => void): void;
  removeEventListener(event: MediaEvent, listener: () => void): void;
}

/** Before this the element does not know how long it is: HAVE_METADATA. */
export const HAVE_METADATA = 1;
