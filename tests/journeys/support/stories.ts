// Stories that are there before somebody opens them, and the session of somebody in a browser.
import type { BrowserContext } from '@playwright/test';
import type { Published } from '#domain/protocol/commands.ts';
import { HttpPerson } from './http-person.ts';
import { spoken } from './sound.ts';

/** A story with a fork: Mira's seed, which Jo and then Lou answer; Jo's branch is the longer one. */
export interface ForkedStory {
  readonly slug: string;
  readonly mira: HttpPerson;
  readonly seed: Published;
  readonly jos: Published;
  readonly lous: Published;
}

/** Plants a forked story, mixed to both ends. */
export async function plantForked(origin: string, title: string): Promise<ForkedStory> {
  const [mira, jo, lou] = await Promise.all([
    HttpPerson.named(origin, 'Mira'),
    HttpPerson.named(origin, 'Jo'),
    HttpPerson.named(origin, 'Lou'),
  ]);
  const seed = await mira.plantVoice(title, spoken(21, 2));
  const jos = await jo.branchVoice(seed, spoken(22, 6));
  const lous = await lou.branchVoice(seed, spoken(23, 4));
  for (const leaf of [jos, lous]) await mira.untilMixed(leaf);
  return { slug: seed.slug, mira, seed, jos, lous };
}

/** Gives a browser the session of somebody. */
export async function signIn(context: BrowserContext, person: HttpPerson): Promise<void> {
  const cookies = person.cookie.split('; ').map((pair) => {
    const at = pair.indexOf('=');
    return { name: pair.slice(0, at), value: pair.slice(at + 1), url: person.origin };
  });
  await context.addCookies(cookies);
}
