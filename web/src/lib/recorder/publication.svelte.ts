// Sending the take that was chosen: what is made of it, where it goes, how far it is.
import type { RecorderProps } from './recorder-props.ts';
import { progressOf, type Progress } from './recorder-words.ts';
import { monoOf, wavBlob } from './take-audio.ts';
import { atRate, cut, isWhole, type Place } from './take-edit.ts';
import { draftOf } from './take-facts.ts';
import type { Delivery, TakeKeeper, Typed } from './take-keeper.ts';
import type { HeldTake } from './take-shelf.svelte.ts';

export class Publication {
  progress = $state.raw<Progress>({ step: 'saved' });
  readonly #props: RecorderProps;
  readonly #place: Place;
  readonly #keeper: TakeKeeper;
  /** What was made of a take, so that sending it again goes on with the same file. */
  readonly #files = new WeakMap<HeldTake, Blob>();

  constructor(props: RecorderProps, place: Place, keeper: TakeKeeper) {
    this.#props = props;
    this.#place = place;
    this.#keeper = keeper;
  }

  /**
   * Sends a take, or goes on with sending it: the same take is never published twice.
   * @throws {Refused} the server will not take it
   * @throws {Unreachable} the network stayed away
   */
  async send(take: HeldTake, typed: Typed): Promise<Delivery> {
    this.progress = { step: 'saved' };
    const file = this.#files.get(take) ?? fileOf(take, this.#place);
    this.#files.set(take, file);
    const { timing } = take.audio;
    return this.#keeper.publish(draftOf(take.id, this.#props, { file, timing }, typed), {
      onprogress: (now) => (this.progress = progressOf(now)),
    });
  }
}

/** The file that a take is published as; one that was not cut goes as it is. */
function fileOf({ audio, trim }: HeldTake, place: Place): Blob {
  const { buffer, durationSamples, file } = audio;
  if (buffer === null || durationSamples === null || trim === null) return file;
  if (isWhole(trim, durationSamples)) return file;
  const { sampleRate } = buffer;
  return wavBlob(cut(monoOf(buffer), atRate(trim, sampleRate), place), sampleRate);
}
