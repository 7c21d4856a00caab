// The tree of a story as this device saw it last, with its words: for a page that opens without a line.
import * as v from 'valibot';
import { storyMetaSchema, type StoryView } from '#domain/story/document.ts';
import { takeIdSchema, type StoryId, type TakeId } from '#domain/story/ids.ts';
import { takeFactsSchema, takeStateSchema, voiceSchema } from '#domain/story/take.ts';
import { deviceDb } from '../device/device-db.ts';

/** Trees that are kept, and the most takes and characters of words that one may have. */
const MOST = { trees: 20, takes: 20_000, characters: 2_000_000 } as const;
/** A story that grows fast is written down this often at most, milliseconds. */
const WRITE_EVERY_MS = 1_000;
const INDEX = 'index';

export interface KeptTree {
  readonly view: StoryView;
  readonly words: ReadonlyMap<TakeId, string>;
}

const rowSchema = v.object({
  meta: storyMetaSchema,
  takes: v.array(v.object({ ...takeFactsSchema.entries, state: takeStateSchema })),
  voices: v.array(voiceSchema),
  words: v.array(v.tuple([takeIdSchema, v.string()])),
});
const indexSchema = v.object({ newest: v.array(v.string()) });

/** The newest keys first, `key` in front, and those that are too many. */
export function touched(
  newest: readonly string[],
  key: string,
): { readonly newest: string[]; readonly dropped: string[] } {
  const all = [key, ...newest.filter((other) => other !== key)];
  return { newest: all.slice(0, MOST.trees), dropped: all.slice(MOST.trees) };
}

/** One person's copy of one story; nobody else's is ever read. */
export class TreeKeeper {
  readonly personId: string | null;
  readonly #key: string;
  #waiting: KeptTree | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(storyId: StoryId, personId: string | null) {
    this.personId = personId;
    this.#key = `${personId ?? 'nobody'}:${storyId}`;
  }

  /** What is kept; null if nothing is, or the device keeps nothing. */
  async read(): Promise<KeptTree | null> {
    const db = await deviceDb();
    const row = v.safeParse(rowSchema, await db?.get('trees', this.#key));
    if (!row.success) return null;
    const { meta, takes, voices, words } = row.output;
    return {
      view: { meta, takes, voices: new Map(voices.map((voice) => [voice.id, voice])) },
      words: new Map(words),
    };
  }

  /** Keeps this in the place of what was kept, in a moment. */
  keep(tree: KeptTree): void {
    this.#waiting = tree;
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_EVERY_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** Lets go of what is kept: the story is not there any more. */
  async forget(): Promise<void> {
    this.stop();
    this.#timer = undefined;
    this.#waiting = null;
    const db = await deviceDb();
    await db?.change('trees', this.#key, () => null);
  }

  async #write(): Promise<void> {
    this.#timer = undefined;
    const tree = this.#waiting;
    this.#waiting = null;
    const row = tree === null ? null : rowOf(tree);
    const db = await deviceDb();
    if (row === null || db === null) return;
    // A tree that cannot be kept, as on a full disk, is not kept, and that is all.
    await this.#put(db, row).catch(() => undefined);
  }

  async #put(db: Db, row: object): Promise<void> {
    await db.change('trees', this.#key, () => row);
    let dropped: readonly string[] = [];
    await db.change('trees', INDEX, (index) => {
      const known = v.safeParse(indexSchema, index);
      const next = touched(known.success ? known.output.newest : [], this.#key);
      dropped = next.dropped;
      return { newest: next.newest };
    });
    for (const key of dropped) await db.change('trees', key, () => null);
  }
}

type Db = NonNullable<Awaited<ReturnType<typeof deviceDb>>>;

function rowOf({ view, words }: KeptTree): v.InferOutput<typeof rowSchema> | null {
  const { meta, takes, voices } = view;
  if (meta === null || takes.length > MOST.takes) return null;
  let characters = 0;
  const some = [...words].filter(([, text]) => (characters += text.length) <= MOST.characters);
  return { meta, takes: [...takes], voices: [...voices.values()], words: some };
}
