// Where takes wait until the server has them: the port of lib/kept-takes, and what stands in for it
// where nothing outlives the page.
import type { Published } from '#domain/protocol/commands.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { TakeTiming } from '#domain/story/take.ts';
import type { TakeOrigin } from '../kept-takes/take-origin.ts';
import type { RawTake } from '../latency/raw-take.ts';
import { publishDraft, type Draft } from '../upload/publish.ts';
import type { UploadOptions } from '../upload/upload-file.ts';
import type { TakeEdit } from './take-edit.ts';

/** A take that is being captured, on its way to the device. */
export interface TakeWriter {
  /**
   * Takes in the next samples of the take; call it before anything else is done with them. Never
   * throws.
   * @param lostFrames frames that the device skipped so far: they are silence among the samples
   */
  write(samples: Float32Array, lostFrames: number): void;
  /** Frames that would outlive the browser. */
  readonly keptFrames: number;
  /** Why nothing more is kept; null while it is. What was kept until then stays. */
  readonly trouble: 'full' | 'taken' | 'failed' | null;
  /** Resolves once all that was written is on the device, or certainly will not be. */
  finish(): Promise<void>;
}

/** What the person typed beside a take. */
export interface Typed {
  readonly name: string;
  /** Of a new story. */
  readonly title: string;
  readonly words: string;
}

/** A take of an earlier visit, as it was kept. */
export interface RecoveredTake {
  readonly takeId: TakeId;
  /** As it was captured, with what lies around it; or a file that was chosen. */
  readonly audio:
    | { readonly kind: 'recording'; readonly raw: RawTake; readonly timing: TakeTiming | undefined }
    | { readonly kind: 'file'; readonly file: Blob };
  readonly origin: TakeOrigin;
  readonly typed: Typed;
  /** Null as long as nobody reviewed it. */
  readonly edit: TakeEdit | null;
  /** Frames that were kept and cannot be read any more: silence in their place. */
  readonly damagedFrames: number;
}

/** What became of a take that was published. */
export type Delivery =
  | { readonly kind: 'live'; readonly published: Published }
  /** It is on this device, and is sent by itself as soon as it can be. */
  | { readonly kind: 'queued' };

export type DeliveryOptions = Pick<UploadOptions, 'onprogress'>;

/** Keeps the takes of one recorder. `close` it with the recorder. */
export interface TakeKeeper {
  /** Whether takes outlive the page here at all. */
  keeps(): Promise<boolean>;
  /** Why there is no room to record now, in words; null if there is. */
  objection(): Promise<string | null>;
  /** A take is about to be captured; what is written reaches the device in order. */
  begin(origin: TakeOrigin): TakeWriter;
  /** Keeps a file that was chosen; false if this device does not. */
  keepFile(origin: TakeOrigin, file: Blob): Promise<boolean>;
  /**
   * Notes that a captured take ended: how long it has become, what lies around it left out, and
   * what is known against its timing. False if this device does not keep that.
   */
  captured(id: TakeId, frames: number, timing: TakeTiming | undefined): Promise<boolean>;
  /**
   * Notes what the person made of a take in review: it comes back with the take. What is noted later
   * replaces it.
   */
  note(id: TakeId, typed: Typed, edit: TakeEdit): void;
  /**
   * Publishes a take: the same id makes one take, however often it is sent.
   * @throws {Refused} the server will not take it; it is kept
   * @throws {Unreachable} there is no line, and this device keeps nothing: it is here alone
   */
  publish(draft: Draft, options: DeliveryOptions): Promise<Delivery>;
  /** Stops a publication, which then rejects with an AbortError; what has arrived stays there. */
  withdraw(id: TakeId): Promise<void>;
  /**
   * A take of an earlier visit, from now on open here alone; null if it is not there any more, or
   * does not belong here: then it is left as it is.
   * @throws {TakeOpen} another tab has it
   * @throws {UnreadableTake} it is there, and cannot be understood: it is left as it is
   */
  recover(id: TakeId, belongs: (origin: TakeOrigin) => boolean): Promise<RecoveredTake | null>;
  /** Lets a take go: it is discarded for good. */
  forget(id: TakeId): Promise<void>;
  /** Lets other tabs have what is kept. */
  close(): void;
}

/** Keeps takes as long as the page lives: the recorder that holds them is all there is. */
export class PageTakeKeeper implements TakeKeeper {
  readonly #sending = new Map<TakeId, AbortController>();

  async keeps(): Promise<boolean> {
    return false;
  }

  async objection(): Promise<null> {
    return null;
  }

  begin(): TakeWriter {
    return { write: () => {}, keptFrames: 0, trouble: null, finish: async () => {} };
  }

  async keepFile(): Promise<boolean> {
    return false;
  }

  async captured(): Promise<boolean> {
    return false;
  }

  note(): void {}

  async publish(draft: Draft, options: DeliveryOptions): Promise<Delivery> {
    const abort = new AbortController();
    this.#sending.set(draft.takeId, abort);
    const published = await publishDraft(draft, { ...options, signal: abort.signal });
    return { kind: 'live', published };
  }

  async withdraw(id: TakeId): Promise<void> {
    this.#sending.get(id)?.abort();
  }

  async recover(): Promise<null> {
    return null;
  }

  async forget(): Promise<void> {}

  close(): void {
    for (const abort of this.#sending.values()) abort.abort();
  }
}
