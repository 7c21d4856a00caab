// A round of listening on a story's page: three presses of Play and two switches of branch.
import type { Browser, Page } from 'playwright';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { Heard } from './heard.ts';
import {
  act,
  AUDIO,
  endOfMeasure,
  freshPage,
  secondsOf,
  toStart,
  untilPlayed,
} from './measured.ts';
import type { Switched } from './measured.ts';
import { packOf, SEED_SECONDS, type Branch, type ToneStory } from './story.ts';

/** A switch is heard 0.3 to 0.6 s after the choice: so much is decoded already. */
const HEARD_WITHIN_SECONDS = 1.5;
/** How many segments of a likely branch the page fetches ahead. */
const FETCHED_AHEAD = 2;
/** Left by the player's engine. */
const HELD = 'tap-story:path-held';

export interface OurRound {
  /** From each press of Play to the first sound, milliseconds. */
  readonly pressMs: Readonly<Record<'first' | 'atHand' | 'again', number>>;
  readonly switched: Readonly<Record<'atHand' | 'unknown', Switched>>;
}

const press = (label: string): string =>
  `document.querySelector('[aria-label^="${label}"]').click()`;
const onMap = ({ name }: Branch, event: 'click' | 'dblclick'): string =>
  `document.querySelector('[role="treeitem"][aria-label^="${name},"]')
    .dispatchEvent(new MouseEvent('${event}', { bubbles: true, cancelable: true }))`;

export async function listenToOurs(
  browser: Browser,
  { origin, story, codec }: { origin: string; story: ToneStory; codec: Codec },
): Promise<OurRound> {
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await freshPage(context);
    const fetched: string[] = [];
    page.on('requestfinished', (request) => fetched.push(request.url()));
    const untilAtHand = async (branch: Branch): Promise<void> => {
      const pack = await packOf(origin, branch, codec);
      const isFetched = () => fetched.filter((url) => url.includes(pack)).length >= FETCHED_AHEAD;
      while (!isFetched()) await page.waitForEvent('requestfinished');
    };
    const place = page.getByLabel('Place on this path');
    const restart = () => toStart(page, press('Pause'), () => place.fill('0'));
    const { jo, lou, kim, ann } = story.branches;
    await page.goto(`${origin}/s/${story.slug}?take=${jo.leaf.takeId}`);
    const live = page.getByRole('banner').getByText('Live', { exact: true });
    await live.waitFor({ state: 'attached' });
    await page.evaluate(`ear.put(${AUDIO})`);
    await page.evaluate(`new Promise((resolve) => requestIdleCallback(resolve))`);

    const first = await act(page, press('Play this path'));
    await untilPlayed(page, 1);
    await restart();
    const again = await act(page, press('Play this path'));
    await untilPlayed(page, 1);
    await restart();
    await untilAtHand(lou);
    const atHand = await act(page, onMap(lou, 'dblclick'));
    await untilPlayed(page, SEED_SECONDS + 0.5);
    await untilAtHand(kim);
    const near = await turn(page, press(`Go over to ${kim.name}`));
    // Not beside Kim's, so nobody could know.
    const far = await turn(page, onMap(ann, 'click'));

    const heard = await Heard.of(page);
    const switchedTo = ({ hertz }: Branch, { atMs, heldMs }: Turn): Switched => {
      const heardAt = heard.firstToneMs(hertz, atMs);
      return { heldMs, heardMs: heardAt - atMs, silentMs: heard.silentMs(atMs, heardAt) };
    };
    return {
      pressMs: {
        first: heard.firstSoundMs(first) - first,
        again: heard.firstSoundMs(again) - again,
        atHand: heard.firstSoundMs(atHand) - atHand,
      },
      switched: { atHand: switchedTo(kim, near), unknown: switchedTo(ann, far) },
    };
  } finally {
    await context.close();
  }
}

interface Turn {
  readonly atMs: number;
  readonly heldMs: number;
}

/** Chooses another branch while one plays, and listens until it must have been heard. */
async function turn(page: Page, script: string): Promise<Turn> {
  const seconds = await secondsOf(page);
  const atMs = await act(page, script);
  const heldMs = (await endOfMeasure(page, HELD, atMs)) - atMs;
  await untilPlayed(page, seconds + HEARD_WITHIN_SECONDS);
  return { atMs, heldMs };
}
