// A story of many takes that has lived: rows, outbox, and the tree as its history left it.
import { randomUUID } from 'node:crypto';
import { compactDocument } from '#backend/postgres/compaction.ts';
import { appendUpdates } from '#backend/postgres/documents.ts';
import { mergeIntoState } from '#backend/postgres/merge-updates.ts';
import { roomName } from '#domain/protocol/room.ts';
import { storyId, takeId, userId, type StoryId, type TakeId } from '#domain/story/ids.ts';
import type { TakeFacts, Voice } from '#domain/story/take.ts';
import { replay, writeFlat, type StoryEvent } from './shapes.ts';
import type { World } from './world.ts';

const AUTHORS = 50;
/** The newest changes, which no compaction has taken yet. */
const IN_THE_LOG = 100;
/** Which takes somebody likes: one in so many. */
const LIKED = 3;

export interface BigStory {
  readonly storyId: StoryId;
  readonly seedId: TakeId;
  /** Document names. */
  readonly tree: string;
  readonly words: string;
  /** The whole tree as one update. */
  readonly state: Uint8Array;
  readonly events: readonly StoryEvent[];
}

const nobody: Voice = { id: userId(randomUUID()), name: 'Nobody', hue: 0 };

/** What happens to a take, in its order. */
const LIFE: readonly Pick<StoryEvent, 'kind' | 'state'>[] = [
  { kind: 'published', state: { status: 'processing' } },
  { kind: 'ingested', state: { status: 'ready', mixed: false } },
  { kind: 'mixed', state: { status: 'ready', mixed: true } },
  { kind: 'likes', state: { status: 'ready', mixed: true, likes: 1 } },
];

/** Plants a story of so many takes; each was published, ingested and mixed, some are liked. */
export async function plantBigStory(world: World, takes: number): Promise<BigStory> {
  const id = storyId(randomUUID());
  const voices = Array.from({ length: AUTHORS }, (_, n): Voice => ({
    id: userId(randomUUID()),
    name: `Voice ${n}`,
    hue: n % 8,
  }));
  const facts = factsOf(takes, voices);
  const events = facts.flatMap((each, n): StoryEvent[] =>
    LIFE.slice(0, n % LIKED === 0 ? 4 : 3).map((step) => ({
      ...step,
      facts: each,
      voice: voices[n % AUTHORS] ?? nobody,
    })),
  );
  await writeRows(world, { id, voices, facts, events });
  const tree = roomName({ kind: 'story', storyId: id });
  const { state: snapshot } = replay(events.slice(0, -IN_THE_LOG), writeFlat);
  await appendUpdates(world.db, [{ document: tree, update: snapshot }]);
  await compactDocument(world.db, tree, { merge: mergeIntoState });
  const { state, updates } = replay(events, writeFlat);
  const newest = updates.slice(-IN_THE_LOG).map((update) => ({ document: tree, update }));
  await appendUpdates(world.db, newest);
  const [{ id: seedId } = { id: takeId('') }] = facts;
  const words = roomName({ kind: 'words', takeId: seedId });
  return { storyId: id, seedId, tree, words, state, events };
}

/** A tree that branches everywhere. */
function factsOf(takes: number, voices: readonly Voice[]): TakeFacts[] {
  const facts: TakeFacts[] = [];
  for (let n = 0; n < takes; n += 1) {
    // Spread over what is there, the same for every run.
    const parent = n === 0 ? null : (facts[(n * 7_919) % n]?.id ?? null);
    facts.push({
      id: takeId(randomUUID()),
      parentId: parent,
      authorId: (voices[n % AUTHORS] ?? nobody).id,
      kind: 'text',
      startSamples: 96_000,
      durationSamples: 480_000,
      createdAtMs: 1_790_000_000_000 + n,
    });
  }
  return facts;
}

interface Rows {
  readonly id: StoryId;
  readonly voices: readonly Voice[];
  readonly facts: readonly TakeFacts[];
  readonly events: readonly StoryEvent[];
}

async function writeRows({ pool }: World, { id, voices, facts, events }: Rows): Promise<void> {
  await pool.query(
    `insert into users (id, name, hue) select * from unnest($1::uuid[], $2::text[], $3::int[])`,
    [voices.map((voice) => voice.id), voices.map(({ name }) => name), voices.map(({ hue }) => hue)],
  );
  await pool.query(
    `insert into stories (id, slug, title, owner_id, revision)
     values ($1::uuid, $1::text, 'A long story', $2, $3)`,
    [id, voices[0]?.id, events.length],
  );
  await pool.query(
    `insert into takes (id, story_id, parent_id, author_id, kind, start_samples, duration_samples,
       status) select id, $1, parent_id, author_id, 'text', 96000, 480000, 'ready'
     from unnest($2::uuid[], $3::uuid[], $4::uuid[]) as take(id, parent_id, author_id)`,
    [
      id,
      facts.map((take) => take.id),
      facts.map(({ parentId }) => parentId),
      facts.map(({ authorId }) => authorId),
    ],
  );
  await pool.query(
    `insert into story_events (story_id, revision, take_id, kind)
     select $1, revision, take_id, kind
     from unnest($2::uuid[], $3::text[]) with ordinality as event(take_id, kind, revision)`,
    [id, events.map((event) => event.facts.id), events.map(({ kind }) => kind)],
  );
}
