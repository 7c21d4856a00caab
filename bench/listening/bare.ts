// The same with an audio element alone that is given whole paths, as files, by the same server.
import type { Browser } from 'playwright';
import type { Codec } from '#domain/timeline/path-packs.ts';
import { Heard } from './heard.ts';
import { act, AUDIO, endOfMeasure, freshPage, toStart, untilPlayed } from './measured.ts';
import type { Switched } from './measured.ts';
import { SEED_SECONDS, type Branch, type ToneStory } from './story.ts';

const HELD = 'bare:held';

export interface BareRound {
  readonly pressMs: Readonly<Record<'first' | 'again', number>>;
  readonly switched: Switched;
}

export async function listenToBare(
  browser: Browser,
  { origin, story, codec }: { origin: string; story: ToneStory; codec: Codec },
): Promise<BareRound> {
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await freshPage(context);
    const { jo, lou } = story.branches;
    const pathOf = ({ leaf }: Branch): string =>
      `${origin}/api/takes/${leaf.takeId}/path?codec=${codec}`;
    // Any page of the server that has nothing on it.
    await page.goto(`${origin}/health/live`);
    await page.evaluate(`document.body.append(new Audio())`);
    await page.evaluate(`ear.put(${AUDIO})`);

    const first = await act(page, `${AUDIO}.src = '${pathOf(jo)}'; void ${AUDIO}.play();`);
    await untilPlayed(page, 1);
    await toStart(page, `${AUDIO}.pause()`, () => page.evaluate(`${AUDIO}.currentTime = 0`));
    const again = await act(page, `void ${AUDIO}.play();`);
    await untilPlayed(page, SEED_SECONDS + 0.5);
    const turned = await act(
      page,
      `const [audio, start] = [${AUDIO}, performance.now()];
       const seconds = audio.currentTime;
       audio.addEventListener('canplay', () => performance.measure('${HELD}', { start }), { once: true });
       audio.src = '${pathOf(lou)}';
       audio.currentTime = seconds;
       void audio.play();`,
    );
    const held = await endOfMeasure(page, HELD, turned);
    await untilPlayed(page, SEED_SECONDS + 2);

    const heard = await Heard.of(page);
    const heardAt = heard.firstToneMs(lou.hertz, turned);
    return {
      pressMs: {
        first: heard.firstSoundMs(first) - first,
        again: heard.firstSoundMs(again) - again,
      },
      switched: {
        heldMs: held - turned,
        heardMs: heardAt - turned,
        silentMs: heard.silentMs(turned, heardAt),
      },
    };
  } finally {
    await context.close();
  }
}
