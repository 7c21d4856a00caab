// What brings readers of a tree up to date, as frames that many of them are sent alike.

/** Answers are kept until what came since is more than this share of them, or so many frames. */
const STALE_SHARE = 0.1;
const STALE_BYTES = 16 * 1024;
const STALE_FRAMES = 64;
/** Answers that are kept at once. */
const MOST_KEPT = 16;

interface Answer {
  readonly frames: readonly Uint8Array[];
  /** How many frames of `#since` are in it already. */
  readonly at: number;
}

/** Answers by what the asker has, each good for whoever has the same; see `ServedTree`. */
export class TreeAnswers {
  readonly #answers = new Map<string, Answer>();
  /** What the tree has gained since the oldest answer. */
  #since: Uint8Array[] = [];
  #sinceBytes = 0;

  /** What is true now of those who have `key`. */
  keep(key: string, frames: readonly Uint8Array[]): void {
    this.#answers.set(key, { frames, at: this.#since.length });
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= MOST_KEPT) break;
      this.#answers.delete(oldest);
    }
  }

  /** The tree has grown by a frame. */
  grow(frame: Uint8Array): void {
    if (this.#answers.size === 0) return;
    this.#since.push(frame);
    this.#sinceBytes += frame.byteLength;
    if (this.#isStale()) this.clear();
  }

  /** All that whoever has `key` lacks, in the order of sending; null if that has to be asked. */
  of(key: string): readonly Uint8Array[] | null {
    const answer = this.#answers.get(key);
    if (answer === undefined) return null;
    // The one that nobody has asked for the longest goes first.
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    return [...answer.frames, ...this.#since.slice(answer.at)];
  }

  clear(): void {
    this.#answers.clear();
    this.#since = [];
    this.#sinceBytes = 0;
  }

  #isStale(): boolean {
    const largest = Math.max(...[...this.#answers.values()].map(({ frames }) => weigh(frames)));
    const mostBytes = Math.max(STALE_BYTES, STALE_SHARE * largest);
    return this.#since.length > STALE_FRAMES || this.#sinceBytes > mostBytes;
  }
}

function weigh(frames: readonly Uint8Array[]): number {
  return frames.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
