// The waveforms of a story's takes, as they are drawn: those that came with the page, and those that
// are fetched once their takes are ready.
import { SvelteMap } from 'svelte/reactivity';
import { overviewRate } from '#domain/media/peaks.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { isPlaced, type PlacedTake, type Take } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { peaksOfTake } from './fetch-take.ts';
import { silhouetteOf, unpack, wordsSilhouette, type Silhouette } from './silhouette.ts';

export class TakeShapes {
  readonly all: SvelteMap<TakeId, Silhouette>;
  readonly #fetched = new Set<TakeId>();

  /** @param packed as the server sends them, see `pack` */
  constructor(packed: ReadonlyMap<TakeId, string>) {
    this.all = new SvelteMap([...packed].map(([id, text]) => [id, unpack(text)]));
  }

  /** Adds those that the server has sent since. */
  add(packed: ReadonlyMap<TakeId, string>): void {
    for (const [id, text] of packed) if (!this.all.has(id)) this.all.set(id, unpack(text));
  }

  /** Written takes need no waveform from the server. */
  drawWords(takes: Iterable<Take>): void {
    for (const take of takes) {
      if (take.kind !== 'text' || this.all.has(take.id) || !isPlaced(take)) continue;
      this.all.set(take.id, wordsSilhouette(take.durationSamples / SAMPLE_RATE));
    }
  }

  /** Fetches that of a take which arrived or was finished since the page was made. */
  load(take: Take): void {
    if (this.all.has(take.id) || !isPlaced(take) || take.state.status !== 'ready') return;
    if (this.#fetched.has(take.id)) return;
    this.#fetched.add(take.id);
    void this.#fetch(take);
  }

  async #fetch({ id, durationSamples }: PlacedTake): Promise<void> {
    const peaks = await peaksOfTake(id, overviewRate(durationSamples));
    // Without its waveform a take still plays; the next change of the tree asks again.
    if (peaks === undefined) this.#fetched.delete(id);
    else this.all.set(id, silhouetteOf(peaks, durationSamples));
  }
}
