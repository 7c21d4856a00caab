// The history of a take's words as a page shows it, and what may be done with it.
import * as v from 'valibot';
import {
  wordsHistorySchema,
  type RestoreWords,
  type WordsHistory as Page,
} from '#domain/protocol/commands.ts';
import type { TakeId } from '#domain/story/ids.ts';
import { callApi, Refused } from '../upload/api.ts';

export type ShownVersion = Page['versions'][number];

const NO_ANSWER = 'That did not arrive. The words are as they were; try again in a moment.';

export class WordsHistory {
  versions = $state.raw<readonly ShownVersion[]>([]);
  /** False until the first page has come, or could not. */
  loaded = $state.raw(false);
  hasMore = $state.raw(false);
  busy = $state.raw(false);
  /** What went wrong last, for a person; empty otherwise. */
  problem = $state.raw('');
  readonly #path: string;
  #before: number | null = null;
  /** The restore that may have arrived: sent again, it is carried out once. */
  #unanswered: RestoreWords | null = null;

  constructor(takeId: TakeId) {
    this.#path = `/api/takes/${takeId}/words`;
  }

  /** Reads the newest versions. */
  async load(): Promise<void> {
    this.#before = null;
    await this.#send(() => this.#read([]));
    this.loaded = true;
  }

  async loadMore(): Promise<void> {
    await this.#send(() => this.#read(this.versions));
  }

  /** Resolves with whether the words are now as that version left them. */
  restore({ seq, endedAtMs }: ShownVersion): Promise<boolean> {
    const before = this.#unanswered;
    const isSame = before?.seq === seq && before.endedAtMs === endedAtMs;
    const command = isSame ? before : { key: crypto.randomUUID(), seq, endedAtMs };
    this.#unanswered = command;
    return this.#change('POST', '/restore', command);
  }

  forget({ seq }: ShownVersion): Promise<boolean> {
    return this.#change('DELETE', `/versions/${seq}`, {});
  }

  forgetAll(): Promise<boolean> {
    return this.#change('DELETE', '/versions', {});
  }

  async #change(method: 'POST' | 'DELETE', path: string, body: object): Promise<boolean> {
    const isDone = await this.#send(async () => {
      await callApi(method, this.#path + path, { body, answer: v.unknown() });
      this.#unanswered = null;
    });
    const { problem } = this;
    await this.load();
    // What was refused is worth more than that the list is new.
    if (!isDone) this.problem = problem;
    return isDone;
  }

  async #read(known: readonly ShownVersion[]): Promise<void> {
    const query = this.#before === null ? '' : `?before=${this.#before}`;
    const path = `${this.#path}/versions${query}`;
    const page = await callApi('GET', path, { answer: wordsHistorySchema });
    this.versions = [...known, ...page.versions];
    this.#before = page.before;
    this.hasMore = page.before !== null;
  }

  async #send(work: () => Promise<void>): Promise<boolean> {
    this.busy = true;
    this.problem = '';
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = error instanceof Refused ? error.message : NO_ANSWER;
      return false;
    } finally {
      this.busy = false;
    }
  }
}
