// For tests: a site on which two people publish, on a database of its own.
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import type { Person } from '#domain/access/policy.ts';
import type { Published } from '#domain/protocol/commands.ts';
import type { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, TakeId, UploadId } from '#domain/story/ids.ts';
import type { TakeFailure } from '#domain/story/take.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { takes } from '#drizzle/schema.ts';
import type { DatabaseHandle } from '../../postgres/database.ts';
import { branchStory } from '../branch.ts';
import { plantStory } from '../plant.ts';
import type { PublishDeps } from '../publish.ts';
import { newTakeId, openPublishing, type Publishing } from './publishing.ts';

/** A database that the site closes. */
type OwnDatabase = Parameters<typeof openPublishing>[0] &
  Pick<DatabaseHandle, 'pool'> & { close(): Promise<void> };

export interface Planted {
  readonly storyId: StoryId;
  readonly seed: TakeId;
  readonly slug: string;
}

export const seconds = (n: number): number => Math.round(n * SAMPLE_RATE);

/** What a command was refused with. */
export const refusal = (work: Promise<unknown>): Promise<Problem> =>
  work.then(
    () => expect.unreachable('it should have been refused'),
    (error: Problem) => error,
  );

/** The site of a file of tests: open before them all, with new people for each. */
export function useSite(openDatabase: () => Promise<OwnDatabase>): PublishingSite {
  const site = new PublishingSite();
  beforeAll(() => site.open(openDatabase));
  beforeEach(() => site.meet());
  afterAll(() => site.close());
  return site;
}

class PublishingSite implements PublishDeps {
  #opened: { readonly fresh: OwnDatabase; readonly publishing: Publishing } | null = null;
  #people: readonly Person[] = [];

  async open(openDatabase: () => Promise<OwnDatabase>): Promise<void> {
    const fresh = await openDatabase();
    this.#opened = { fresh, publishing: await openPublishing(fresh) };
  }

  async meet(): Promise<void> {
    this.#people = await Promise.all([this.person('Mira'), this.person('Jo')]);
  }

  async close(): Promise<void> {
    await this.#opened?.publishing.close();
    await this.#opened?.fresh.close();
  }

  get fresh(): OwnDatabase {
    return this.#parts.fresh;
  }

  get db(): Publishing['db'] {
    return this.#parts.publishing.db;
  }

  get objects(): Publishing['objects'] {
    return this.#parts.publishing.objects;
  }

  get queue(): Publishing['queue'] {
    return this.#parts.publishing.queue;
  }

  get mira(): Person {
    return this.#person(0);
  }

  get jo(): Person {
    return this.#person(1);
  }

  /** As `Publishing` has it. */
  person(name: string): Promise<Person> {
    return this.#parts.publishing.person(name);
  }

  /** As `Publishing` has it. */
  recording(by: Person, samples: number | null, state?: 'open' | 'complete'): Promise<UploadId> {
    return this.#parts.publishing.recording(by, samples, state);
  }

  /** As `Publishing` has it. */
  ingest(id: TakeId, outcome?: { readonly failure: TakeFailure }): Promise<void> {
    return this.#parts.publishing.ingest(id, outcome);
  }

  /** A story whose seed is a recording of so many samples, and ready. */
  async planted(by: Person, samples: number | null): Promise<Planted> {
    const body = { kind: 'voice', uploadId: await this.recording(by, samples) };
    const command = { takeId: newTakeId(), title: 'The lighthouse', body };
    const { storyId, takeId, slug } = await plantStory(this, by, command);
    await this.ingest(takeId);
    return { storyId, seed: takeId, slug };
  }

  /** A recording that answers a take. */
  async branched(
    by: Person,
    story: StoryId,
    parentId: TakeId,
    samples: number | null,
  ): Promise<Published> {
    const body = { kind: 'voice', uploadId: await this.recording(by, samples) };
    return branchStory(this, by, story, { takeId: newTakeId(), parentId, body });
  }

  async row(id: TakeId): Promise<typeof takes.$inferSelect> {
    const [take] = await this.db.select().from(takes).where(eq(takes.id, id));
    if (take === undefined) throw new Error(`there is no take ${id}`);
    return take;
  }

  /** What the queue was asked to do with a take. */
  async jobsOf(id: TakeId): Promise<string[]> {
    const { rows } = await this.fresh.pool.query<{ name: string }>(
      `select name from pgboss.job where data->>'takeId' = $1`,
      [id],
    );
    return rows.map((job) => job.name);
  }

  get #parts(): { readonly fresh: OwnDatabase; readonly publishing: Publishing } {
    if (this.#opened === null) throw new Error('the site is not open');
    return this.#opened;
  }

  #person(at: number): Person {
    const one = this.#people[at];
    if (one === undefined) throw new Error('nobody is there');
    return one;
  }
}
