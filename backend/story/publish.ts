// What planting and branching share: one command, one transaction, one take, however often it is
// sent.
import { eq, sql } from 'drizzle-orm';
import * as v from 'valibot';
import type { Person } from '#domain/access/policy.ts';
import type { Published, TakeBody } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import type { StoryId, TakeId, UserId } from '#domain/story/ids.ts';
import { fit, startFor, type Ancestry } from '#domain/timeline/duet.ts';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { stories, takes } from '#drizzle/schema.ts';
import { renameUser } from '../accounts/guests.ts';
import { announceBranch } from '../notifications/branch-alert.ts';
import { follow } from '../notifications/follow.ts';
import type { Database, Queryable, Transaction } from '../postgres/database.ts';
import { brokenConstraint, whileReachable } from '../postgres/query-error.ts';
import type { Queue } from '../queue/queue.ts';
import type { ObjectStore } from '../storage/objects.ts';
import { recordEvent } from './events.ts';
import { wasPublishedWith } from './published-words.ts';
import { claimUpload, materialOf, uploadTaken, uploadUnknown, type Material } from './material.ts';
import { claimQuota, WARN_BELOW } from './quota.ts';

export interface PublishDeps {
  readonly db: Database;
  readonly objects: ObjectStore;
  readonly queue: Queue;
}

/** Where a take goes: its story, whose row is locked or new, and the takes before it. */
export interface Place {
  readonly storyId: StoryId;
  readonly slug: string;
  readonly parentId: TakeId | null;
  readonly ancestry: Ancestry;
}

export interface Command {
  readonly takeId: TakeId;
  readonly as?: UserId | undefined;
  readonly name?: string | undefined;
  readonly body: TakeBody;
}

/** How a command finds its place, and how it knows a take that it made before. */
export interface Publication {
  readonly command: Command;
  /** The story and parent that a take of this command has; a null story stands for any. */
  readonly target: { readonly storyId: StoryId | null; readonly parentId: TakeId | null };
  readonly place: (tx: Transaction) => Promise<Place>;
}

/**
 * Parses a command; what it says to the person is the schema's first complaint.
 * @throws {Problem} `bad_request`
 */
export function parseCommand<T>(schema: v.GenericSchema<unknown, T>, input: unknown): T {
  const parsed = v.safeParse(schema, input);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new Problem('bad_request', `${v.getDotPath(issue) ?? 'the request'}: ${issue.message}`);
}

/**
 * Publishes a take: its row, its event, its jobs and its author's follow, in one transaction.
 * @throws {Problem} whatever the person has to know; see each check
 */
export async function publish(
  deps: PublishDeps,
  person: Person | null,
  publication: Publication,
): Promise<Published> {
  if (person === null) {
    throw new Problem('unauthenticated', 'Choose a name first. Your take is safe until then.');
  }
  if ((publication.command.as ?? person.id) !== person.id) {
    throw new Problem(
      'unauthenticated',
      'Somebody else is signed in here now. Your take is safe; publish it as yourself.',
    );
  }
  try {
    return await whileReachable(async () => {
      const before = await answerOf(deps.db, person, publication);
      if (before !== null) return before;
      const material = await materialOf(deps, person.id, publication.command.body);
      const { name } = publication.command;
      // Not in the take's transaction: a new name locks every story that the person is in, and
      // with this story's lock held, two people could wait for each other.
      if (name !== undefined) await renameUser(deps.db, person.id, name);
      return await deps.db.transaction((tx) =>
        write(tx, deps.queue, person, { ...publication, material }),
      );
    });
  } catch (error) {
    throw raceAsProblem(error);
  }
}

async function write(
  tx: Transaction,
  queue: Queue,
  person: Person,
  publication: Publication & { readonly material: Material },
): Promise<Published> {
  const { command, material } = publication;
  const { takeId } = command;
  // Copies of one command wait for each other here, and the later ones find the first one's take.
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${takeId}, 0))`);
  const before = await answerOf(tx, person, publication);
  if (before !== null) return before;
  const takesLeft = await claimQuota(tx, person.id);
  await claimUpload(tx, material.uploadId);
  const { storyId, slug, parentId, ancestry } = await publication.place(tx);
  const startSamples = startFor(material.kind, ancestry);
  refuseMisfit(startSamples, material.durationSamples, ancestry);
  await tx.insert(takes).values({
    id: takeId,
    storyId,
    parentId,
    authorId: person.id,
    startSamples,
    status: material.kind === 'text' ? 'ready' : 'processing',
    ...material,
  });
  await follow(tx, person.id, storyId);
  await startWork(tx, queue, { takeId, author: person.id }, material);
  await recordEvent(tx, { storyId, takeId, kind: 'published', actorId: person.id });
  return { storyId, slug, takeId, ...(takesLeft < WARN_BELOW && { takesLeft }) };
}

/** Words can be read at once, so followers hear of them now; of a voice, once it is ingested. */
async function startWork(
  tx: Transaction,
  queue: Queue,
  { takeId, author }: { takeId: TakeId; author: UserId },
  { kind }: Material,
): Promise<void> {
  const job = kind === 'voice' ? 'take.ingest' : 'take.render';
  await queue.send(job, { takeId }, tx, { onBehalfOf: author });
  if (kind === 'voice') return;
  await announceBranch(tx, queue, takeId);
}

/**
 * The answer to a command that was carried out before, or null.
 * @throws {Problem} `conflict` if its take id was used for something else,
 *   `published_otherwise` for the same take with other words
 */
async function answerOf(
  db: Queryable,
  person: Person,
  { command, target }: Publication,
): Promise<Published | null> {
  const [take] = await db
    .select({ take: takes, slug: stories.slug })
    .from(takes)
    .innerJoin(stories, eq(stories.id, takes.storyId))
    .where(eq(takes.id, command.takeId));
  if (take === undefined) return null;
  const { storyId, parentId, authorId, uploadId, kind } = take.take;
  const same =
    authorId === person.id &&
    parentId === target.parentId &&
    (target.storyId === null || storyId === target.storyId) &&
    kind === command.body.kind &&
    (command.body.kind === 'text' || uploadId === command.body.uploadId);
  if (!same) throw new Problem('conflict', 'This take was already published as something else.');
  if (!(await wasPublishedWith(db, take.take, command.body.words))) {
    throw new Problem(
      'published_otherwise',
      'This take is in the story already, with other words. Yours are safe: publish them as ' +
        'another take.',
    );
  }
  return { storyId, slug: take.slug, takeId: command.takeId };
}

/** Refuses a take that would leave no tail, or that the path has no room for. */
function refuseMisfit(
  startSamples: number,
  durationSamples: number | null,
  { parent }: Ancestry,
): void {
  // Of a take whose length is not known yet, the worker judges; here only its start can be wrong.
  const verdict = fit(
    { startSamples, durationSamples: durationSamples ?? 1 },
    durationSamples === null ? null : parent,
  );
  if (verdict.fits) return;
  if (verdict.why === 'path_too_long') {
    throw new Problem(
      'path_too_long',
      'This path has become as long as a path can be. Branch off an earlier take.',
    );
  }
  const missingSeconds = Math.ceil((verdict.missingSamples / SAMPLE_RATE) * 100) / 100;
  throw new Problem(
    'does_not_outlast_parent',
    `Your take ends before the one it answers. Keep going ${missingSeconds.toFixed(1)} s longer, ` +
      `so that somebody can pick up your tail. This recording is still yours.`,
    { missingSeconds },
  );
}

/** What two commands can do to each other between a check and the write, as the person's news. */
const races: Readonly<Record<string, (cause: unknown) => Problem>> = {
  takes_upload_idx: uploadTaken,
  takes_upload_id_uploads_id_fk: uploadUnknown,
  takes_pkey: sameMoment,
  takes_one_seed_idx: sameMoment,
  takes_parent_fk: parentGone,
  takes_story_id_stories_id_fk: parentGone,
  takes_author_id_users_id_fk: accountGone,
  stories_owner_id_users_id_fk: accountGone,
  follows_user_id_users_id_fk: accountGone,
};

function raceAsProblem(error: unknown): unknown {
  const broken = brokenConstraint(error);
  return (broken && races[broken.constraint]?.(error)) ?? error;
}

function sameMoment(cause: unknown): Problem {
  return new Problem('conflict', 'This take was published at the same moment.', { cause });
}

function parentGone(cause: unknown): Problem {
  return new Problem('not_found', 'The take you answer is gone.', { cause });
}

function accountGone(cause: unknown): Problem {
  return new Problem('unauthenticated', 'This account is gone.', { cause });
}
