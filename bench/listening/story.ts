// A story of tones: a seed that five branches answer from its start on, each with a pitch of its own.
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import type { Published } from '#domain/protocol/commands.ts';
import { playlistSchema } from '#domain/protocol/playlist.ts';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { wavFile } from '../../tests/harness/tones.ts';
import { HttpPerson } from '../../tests/journeys/support/http-person.ts';

const RATE = 48_000;
/** The seed sounds with the branches until then. */
export const SEED_SECONDS = 2;
export const BRANCH_SECONDS = 20;
/** Whole cycles in 5 ms, see heard.ts. */
const SEED_HERTZ = 200;
/** How long a busy machine may take to mix it, milliseconds, and how often it is looked at. */
const MIXED_MS = 300_000;
const LOOK_MS = 200;

export interface Branch {
  /** Whose it is. */
  readonly name: string;
  readonly hertz: number;
  readonly leaf: Published;
}

export interface ToneStory {
  readonly slug: string;
  /** In the order in which they lie below each other. */
  readonly branches: Readonly<Record<'jo' | 'lou' | 'kim' | 'max' | 'ann', Branch>>;
}

function tone(hertz: number, seconds: number): Uint8Array<ArrayBuffer> {
  const step = (2 * Math.PI * hertz) / RATE;
  return wavFile(Float32Array.from({ length: seconds * RATE }, (_, at) => Math.sin(step * at) / 3));
}

/** Plants it, and waits until every path of it is mixed. */
export async function plantTones(origin: string): Promise<ToneStory> {
  const mira = await HttpPerson.named(origin, 'Mira');
  const seed = await mira.plantVoice('Tones', tone(SEED_HERTZ, SEED_SECONDS));
  const branch = async (name: string, hertz: number): Promise<Branch> => {
    const person = await HttpPerson.named(origin, name);
    return { name, hertz, leaf: await person.branchVoice(seed, tone(hertz, BRANCH_SECONDS)) };
  };
  const branches = {
    jo: await branch('Jo', 600),
    lou: await branch('Lou', 1_000),
    kim: await branch('Kim', 1_400),
    max: await branch('Max', 1_800),
    ann: await branch('Ann', 2_200),
  };
  for (const { leaf } of Object.values(branches)) await untilMixed(mira, leaf);
  return { slug: seed.slug, branches };
}

/** @throws if it is not mixed in time */
async function untilMixed(person: HttpPerson, { takeId }: Published): Promise<void> {
  const deadline = performance.now() + MIXED_MS;
  for (;;) {
    const { headers } = await person.call('HEAD', `/api/takes/${takeId}/path`);
    // Only a whole path may be kept.
    if (headers.get('cache-control')?.includes('max-age') === true) return;
    if (performance.now() > deadline) throw new Error('a branch was not mixed in time');
    await delay(LOOK_MS);
  }
}

/** The hash in the address of a branch's sound. */
export async function packOf(origin: string, { leaf }: Branch, codec: Codec): Promise<string> {
  const asked = `/api/takes/${leaf.takeId}/playlist?codec=${codec}`;
  const answer = await new HttpPerson(origin).call('GET', asked);
  const last = v.parse(playlistSchema, answer.json()).stretches.at(-1);
  if (last === undefined) throw new Error('a branch has no sound');
  return last.sha256;
}
