// The rough mix: stems summed by the page, exactly where the renderer will put them, while it works.
import { FLAC_MIME, flacFragment } from '#domain/media/flac.ts';
import { SEGMENT_SAMPLES, segmentStart } from '#domain/timeline/grid.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import type { RoughTake } from '#domain/protocol/playlist.ts';
import type { Segment } from './feed-path.ts';
import { mediaSourceKind } from './media-kinds.ts';
import { sumStems } from './stem-sum.ts';
import { fetchStored } from './stored-object.ts';

/** A stem cannot be mixed in this page, and never will be. */
export class Unmixable extends Error {
  override readonly name = 'Unmixable';
}

/** A decoder of whole files, at 48 kHz. */
export type DecodeStem = (file: ArrayBuffer) => Promise<Float32Array>;

/** Longest that is decoded in a page at once, seconds: half an hour, 345 MB of samples. */
const MOST_SECONDS = 30 * 60;
const ANSWER_MS = 60_000;

/** Whether this browser plays what the page mixes. */
export function mixesRoughly(): boolean {
  const kind = mediaSourceKind();
  const changes = typeof SourceBuffer !== 'undefined' && 'changeType' in SourceBuffer.prototype;
  return changes && kind !== null && kind.isTypeSupported(FLAC_MIME);
}

export class RoughMixer {
  readonly #decode: DecodeStem;
  readonly #fetch: typeof globalThis.fetch;
  /** Stems, decoded once each, by hash; oldest first. */
  readonly #stems = new Map<string, Promise<Float32Array>>();

  constructor(decode: DecodeStem = decodeStem, fetch?: typeof globalThis.fetch) {
    this.#decode = decode;
    this.#fetch = fetch ?? ((...request) => globalThis.fetch(...request));
  }

  /**
   * A segment of FLAC.
   * @throws {Unreachable} a stem did not come
   * @throws {LinkExpired} it may be had under another link
   * @throws {Unmixable} a stem cannot be decoded here; it is not fetched again
   */
  async segment(
    { source, durationSamples }: Segment,
    index: number,
    signal: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    if (source.kind !== 'rough') throw new RangeError('this segment is rendered');
    const from = segmentStart(index);
    const stretch = { from, to: from + Math.min(SEGMENT_SAMPLES, durationSamples) };
    const voices = await Promise.all(
      source.takes.map(async (take) => ({ take, samples: await this.#stemOf(take, signal) })),
    );
    return flacFragment(sumStems(voices, stretch), index);
  }

  async #stemOf(take: RoughTake, signal: AbortSignal): Promise<Float32Array | null> {
    if (take.stem === null) return null;
    if (take.durationSamples > MOST_SECONDS * SAMPLE_RATE)
      throw new Unmixable('a stem is too long to be mixed in the page');
    const { sha256, url } = take.stem;
    const known = this.#stems.get(sha256);
    const coming = known ?? this.#load(url);
    if (known === undefined) {
      this.#stems.set(sha256, coming);
      // What did not come is asked for again.
      coming.catch((error: unknown) => {
        if (!(error instanceof Unmixable)) this.#stems.delete(sha256);
      });
      this.#forgetOld();
    }
    const samples = await coming;
    signal.throwIfAborted();
    return samples;
  }

  /** At most two voices sound at once; a third stem is one that is not needed any more. */
  #forgetOld(): void {
    for (const [oldest] of this.#stems) {
      if (this.#stems.size <= 4) break;
      this.#stems.delete(oldest);
    }
  }

  async #load(url: string): Promise<Float32Array> {
    const { body } = await fetchStored(url, { fetch: this.#fetch, answerMs: ANSWER_MS });
    try {
      return await this.#decode(body);
    } catch (error) {
      throw new Unmixable('a stem cannot be decoded', { cause: error });
    }
  }
}

async function decodeStem(file: ArrayBuffer): Promise<Float32Array> {
  const buffer = await new OfflineAudioContext(1, 1, SAMPLE_RATE).decodeAudioData(file);
  return buffer.getChannelData(0);
}
