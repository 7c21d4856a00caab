// The files of one path, as the page follows them: asked for, waited for, ready.
import type { ExportFormat } from '#domain/media/export-spec.ts';
import { exportFormatSchema } from '#domain/media/export-spec.ts';
import { downloadsSchema, type Downloads } from '#domain/protocol/downloads.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { callApi, Refused } from '../upload/api.ts';
import { noteAsked } from './asked-downloads.ts';
import { announceDownload } from './download-words.ts';

/** How often a file that is not ready is asked after, and again after an answer was lost, ms. */
const LOOK_EVERY_MS = 1_000;
const TRY_AGAIN_MS = 4_000;
const NO_LINE =
  'We cannot reach the story right now. What you asked for is being made all the same; we look again by ourselves.';

export interface DownloadsOptions {
  /** The last take of the path. */
  readonly takeId: TakeId;
  /** Gives whoever has no session one; what they ask for is theirs. */
  readonly becomeSomebody: () => Promise<void>;
  readonly fetch?: typeof globalThis.fetch;
  readonly now?: () => number;
}

export class PathDownloads {
  /** How far each format is; null until that is known. */
  states = $state.raw<Downloads | null>(null);
  /** What is wrong, for a person; empty if nothing is. */
  problem = $state('');
  /** What a screen reader is told next. */
  announcement = $state('');
  /** What is being asked for at this moment. */
  asking = $state.raw<ExportFormat | null>(null);
  readonly #options: DownloadsOptions;
  /** What was wrong when we last looked. */
  #trouble = '';
  #stop: AbortController | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /** Looks how far the files are, and goes on looking while one is not ready. @returns the end of it */
  follow(): () => void {
    const stop = new AbortController();
    this.#stop = stop;
    void this.#look();
    return () => {
      stop.abort();
      clearTimeout(this.#timer);
    };
  }

  /** Asks for a file. */
  async ask(format: ExportFormat): Promise<void> {
    if (this.asking !== null) return;
    this.asking = format;
    this.problem = '';
    try {
      await this.#options.becomeSomebody();
      this.#take(await this.#call('POST', { format }));
      noteAsked(this.#options.takeId, this.#now());
    } catch (error) {
      this.problem = problemOf(error, 'That did not reach us. Nothing was asked for; try again.');
    } finally {
      this.asking = null;
    }
    this.#lookLater(LOOK_EVERY_MS);
  }

  async #look(): Promise<void> {
    try {
      this.#take(await this.#call('GET'));
      if (this.problem === this.#trouble) this.problem = '';
      this.#trouble = '';
      this.#lookLater(LOOK_EVERY_MS);
    } catch (error) {
      if (this.#stop?.signal.aborted === true) return;
      this.#trouble = problemOf(error, NO_LINE);
      this.problem = this.#trouble;
      // A path whose last take is being prepared will be there; what is not ours will not.
      if (!(error instanceof Refused) || error.status === 409) this.#lookLater(TRY_AGAIN_MS);
    }
  }

  #lookLater(afterMs: number): void {
    clearTimeout(this.#timer);
    if (this.#stop === null || this.#stop.signal.aborted) return;
    const isDone = this.states !== null && this.#trouble === '' && !this.#isWaiting(this.states);
    if (!isDone) this.#timer = setTimeout(() => void this.#look(), afterMs);
  }

  #isWaiting(states: Downloads): boolean {
    return exportFormatSchema.options.some((format) => {
      const at = states[format]?.state;
      return at === 'waiting' || at === 'working';
    });
  }

  #take(states: Downloads): void {
    const before = this.states;
    this.states = states;
    for (const format of exportFormatSchema.options) {
      const at = states[format];
      // What was there before the page looked is no news.
      if (at === null || before === null || at.state === before[format]?.state) continue;
      this.announcement = announceDownload(format, at);
    }
  }

  #call(method: 'GET' | 'POST', body?: { format: ExportFormat }): Promise<Downloads> {
    const { takeId, fetch } = this.#options;
    const path = `/api/takes/${takeId}/downloads`;
    const request = { answer: downloadsSchema, ...(body !== undefined && { body }) };
    return callApi(method, path, request, {
      signal: this.#stop?.signal,
      ...(fetch !== undefined && { fetch }),
    });
  }

  #now(): number {
    return (this.#options.now ?? Date.now)();
  }
}

function problemOf(error: unknown, otherwise: string): string {
  return error instanceof Refused ? error.message : otherwise;
}
