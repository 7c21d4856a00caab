// The bytes of segments: fetched by Range, each once, and the newest kept for a while.
import { Unreachable } from '../../upload/api.ts';
import type { FeedPath, Segment } from './feed-path.ts';
import type { RoughMixer } from './rough-mixer.ts';
import { fetchStored, LinkExpired } from './stored-object.ts';

type Bytes = Uint8Array<ArrayBuffer>;

export interface SegmentStoreOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly rough: Pick<RoughMixer, 'segment'>;
  /** Most bytes that are kept. */
  readonly mostBytes?: number;
}

/** Five minutes of AAC. */
const MOST_BYTES = 4 * 1024 * 1024;
/** An answer that has not come by then will not come. */
const ANSWER_MS = 15_000;

export class SegmentStore {
  readonly #fetch: typeof globalThis.fetch;
  readonly #rough: Pick<RoughMixer, 'segment'>;
  readonly #mostBytes: number;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Bytes>();
  readonly #coming = new Map<string, Promise<Bytes>>();
  #keptBytes = 0;

  constructor({ fetch, rough, mostBytes = MOST_BYTES }: SegmentStoreOptions) {
    this.#fetch = fetch ?? ((...request) => globalThis.fetch(...request));
    this.#rough = rough;
    this.#mostBytes = mostBytes;
  }

  /** True if the segment can be had without the network. */
  has({ id }: Segment): boolean {
    return this.#kept.has(id);
  }

  /**
   * The bytes of neighbouring segments, which lie side by side in one object.
   * @throws {Unreachable} they may be had later
   * @throws {LinkExpired} they may be had under another link
   */
  async get(segments: readonly Segment[], index: number, signal: AbortSignal): Promise<Bytes[]> {
    const [first] = segments;
    if (first === undefined) return [];
    const known = segments.map(({ id }) => this.#recall(id));
    if (known.every((bytes) => bytes !== undefined)) return known;
    if (first.source.kind === 'rough')
      return [this.#keep(first.id, await this.#rough.segment(first, index, signal))];
    const bytes = segments.reduce((sum, { source }) => sum + bytesOf(source), 0);
    const { url, start } = first.source;
    const all = await this.#range({ url, start, bytes }, signal);
    let at = 0;
    return segments.map(({ id, source }) => {
      const from = at;
      at += bytesOf(source);
      return this.#keep(id, all.slice(from, at));
    });
  }

  /** The init section of a path's packs: one constant per codec. */
  async init({ codec, initBytes, segments }: FeedPath, signal: AbortSignal): Promise<Bytes> {
    const id = `init:${codec}`;
    const known = this.#recall(id);
    if (known !== undefined) return known;
    const pack = segments.find(({ source }) => source.kind === 'pack')?.source;
    if (pack?.kind !== 'pack') throw new LinkExpired('no pack has an init section');
    return this.#keep(id, await this.#range({ url: pack.url, start: 0, bytes: initBytes }, signal));
  }

  /** One request for a range; whoever asks for the same meanwhile waits for the same answer. */
  async #range(
    wanted: { url: string; start: number; bytes: number },
    signal: AbortSignal,
  ): Promise<Bytes> {
    const key = `${wanted.url} ${wanted.start} ${wanted.bytes}`;
    const coming = this.#coming.get(key) ?? this.#ask(wanted, signal);
    this.#coming.set(key, coming);
    try {
      return await coming;
    } catch (error) {
      // Who began it gave it up, and we did not.
      if (isAbort(error) && !signal.aborted) return await this.#ask(wanted, signal);
      throw error;
    } finally {
      this.#coming.delete(key);
    }
  }

  async #ask(
    { url, start, bytes }: { url: string; start: number; bytes: number },
    signal: AbortSignal,
  ): Promise<Bytes> {
    const { body, isPart } = await fetchStored(url, {
      fetch: this.#fetch,
      answerMs: ANSWER_MS,
      headers: { range: `bytes=${start}-${start + bytes - 1}` },
      signal,
    });
    const part = new Uint8Array(body).slice(isPart ? 0 : start, isPart ? undefined : start + bytes);
    if (part.length !== bytes) throw new Unreachable(`${part.length} bytes came, not ${bytes}`);
    return part;
  }

  #recall(id: string): Bytes | undefined {
    const bytes = this.#kept.get(id);
    if (bytes === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, bytes);
    return bytes;
  }

  #keep(id: string, bytes: Bytes): Bytes {
    if (this.#kept.has(id)) return bytes;
    this.#kept.set(id, bytes);
    this.#keptBytes += bytes.length;
    for (const [oldest, { length }] of this.#kept) {
      if (this.#keptBytes <= this.#mostBytes || oldest === id) break;
      this.#kept.delete(oldest);
      this.#keptBytes -= length;
    }
    return bytes;
  }
}

function bytesOf(source: Segment['source']): number {
  return source.kind === 'pack' ? source.bytes : 0;
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
