// What somebody does to takes and titles that are there, within their role.
import * as v from 'valibot';
import { SvelteSet } from 'svelte/reactivity';
import { may, mayHear, type Act, type Standing } from '#domain/access/policy.ts';
import type { StoryId, TakeId } from '#domain/story/ids.ts';
import { isHidden, type Take, type Voice } from '#domain/story/take.ts';
import { callApi, Refused } from '../upload/api.ts';
import { countOf } from '../ui/format.ts';
import { becomeGuest } from '../upload/guest.ts';

const NO_ANSWER = 'That did not arrive. Nothing changed; try again in a moment.';

export interface ActsData {
  readonly storyId: StoryId;
  readonly standing: Standing;
  /** The takes that this person likes. */
  readonly liked: ReadonlySet<TakeId>;
}

export class StoryActs {
  /** What went wrong last, for a person; empty otherwise. */
  problem = $state('');
  readonly liked: SvelteSet<TakeId>;
  #standing = $state.raw<Standing>({ role: 'listener', openness: 'open' });
  #person = $state.raw<Voice | null>(null);
  readonly #storyId: StoryId;

  constructor(data: ActsData, person: Voice | null) {
    this.#storyId = data.storyId;
    this.liked = new SvelteSet(data.liked);
    this.follow(data, person);
  }

  /** Takes over what the server read since: who the person is now, and what they are here. */
  follow({ standing }: Pick<ActsData, 'standing'>, person: Voice | null): void {
    this.#standing = standing;
    this.#person = person;
  }

  /** Whether this would be another standing than until now. */
  changes({ role, openness }: Standing): boolean {
    return role !== this.#standing.role || openness !== this.#standing.openness;
  }

  may(act: Act, take?: Pick<Take, 'authorId'>): boolean {
    return may(act, this.#standing, take !== undefined && take.authorId === this.#person?.id);
  }

  /** Whether this person may, or will once they have the session that the act gives them. */
  mayOnce(act: 'like' | 'branch' | 'writeWords', take?: Pick<Take, 'authorId'>): boolean {
    return this.may(act, take) || (this.#person === null && this.#standing.openness === 'open');
  }

  /** Tells how many takes may still be published, if they are few. */
  warn(takesLeft: number | undefined): void {
    if (takesLeft === undefined) return;
    this.problem = `You can publish ${countOf(takesLeft, 'more take', 'more takes')} within this hour.`;
  }

  /** True for a take of which this person is shown that it is there, and nothing else. */
  isTombstone(take: Take): boolean {
    const { authorId } = take;
    return !mayHear(this.#person, this.#standing, { authorId, hidden: isHidden(take) });
  }

  /** The count follows by itself, with the tree. */
  async toggleLike({ id }: Pick<Take, 'id'>): Promise<void> {
    if (!this.mayOnce('like')) return;
    const liked = !this.liked.has(id);
    this.#mark(id, liked);
    const done = await this.#send(async () => {
      if (this.#person === null) await becomeGuest();
      await command(liked ? 'PUT' : 'DELETE', `/api/takes/${id}/like`);
    });
    if (!done) this.#mark(id, !liked);
  }

  async setHidden({ id }: Pick<Take, 'id'>, hidden: boolean): Promise<void> {
    await this.#send(() => command(hidden ? 'PUT' : 'DELETE', `/api/takes/${id}/hidden`));
  }

  /** Resolves with whether the story has the title now. */
  retitle(title: string): Promise<boolean> {
    return this.#send(() => command('PATCH', `/api/stories/${this.#storyId}`, { title }));
  }

  /** Resolves with whether the story is deleted now. */
  remove(): Promise<boolean> {
    return this.#send(() => command('PUT', `/api/stories/${this.#storyId}/deleted`));
  }

  #mark(id: TakeId, liked: boolean): void {
    if (liked) this.liked.add(id);
    else this.liked.delete(id);
  }

  async #send(work: () => Promise<void>): Promise<boolean> {
    try {
      this.problem = '';
      await work();
      return true;
    } catch (error) {
      this.problem = error instanceof Refused ? error.message : NO_ANSWER;
      return false;
    }
  }
}

async function command(
  method: 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body: unknown = {},
): Promise<void> {
  await callApi(method, path, { body, answer: v.unknown() });
}
