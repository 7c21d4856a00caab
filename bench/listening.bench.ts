// What a listener waits for in a real Chromium, with the whole product running: from a press of Play
// to the first sound, and from the choice of another branch until the browser holds it and until it
// is heard. Beside it a bare audio element that plays whole paths as files from the same server.
//
// Each round is a browser that has nothing of us yet. What is heard is what leaves the element, by
// a worklet that keeps every sample, at the time that the browser gives for its way out.
import { chromium } from 'playwright';
import * as v from 'valibot';
import { codecMime, codecSchema } from '#domain/timeline/path-packs.ts';
import { startApp } from '../tests/harness/app.ts';
import { findChromium } from '../tests/harness/chromium.ts';
import { listenToBare, type BareRound } from './listening/bare.ts';
import type { Switched } from './listening/measured.ts';
import { listenToOurs, type OurRound } from './listening/ours.ts';
import { BRANCH_SECONDS, plantTones } from './listening/story.ts';
import { setting } from './support/options.ts';
import { report, type Row } from './support/report.ts';
import { runBench } from './support/run.ts';
import { median, percentile, rounded } from './support/statistics.ts';

const ROUNDS = setting(24, 1);
const GOALS = { pressMs: 300, heldMs: 100 } as const;

interface Rounds {
  readonly ours: readonly OurRound[];
  readonly bare: readonly BareRound[];
}

type Measure<T> = (round: T) => number;

/** A row of ours beside the bare element's. */
function row(
  { ours, bare }: Rounds,
  what: string,
  measures: { ours: Measure<OurRound>; bare: Measure<BareRound> },
): Row & { p95Ms: number } {
  const our = ours.map(measures.ours);
  const bares = bare.map(measures.bare);
  return {
    what,
    p50Ms: rounded(median(our)),
    p95Ms: rounded(percentile(our, 0.95)),
    bareP50Ms: rounded(median(bares)),
    bareP95Ms: rounded(percentile(bares, 0.95)),
  };
}

function rows(rounds: Rounds) {
  const pressed = (
    what: string,
    ours: keyof OurRound['pressMs'],
    bare: keyof BareRound['pressMs'],
  ) =>
    row(rounds, `Play to sound, ${what}`, {
      ours: ({ pressMs }) => pressMs[ours],
      bare: ({ pressMs }) => pressMs[bare],
    });
  const switched = (what: string, ours: keyof OurRound['switched'], of: keyof Switched) =>
    row(rounds, `switch, ${what}`, {
      ours: (round) => round.switched[ours][of],
      bare: (round) => round.switched[of],
    });
  return {
    first: pressed('the first of a page', 'first', 'first'),
    atHand: pressed('another path that is at hand', 'atHand', 'first'),
    again: pressed('once more', 'again', 'again'),
    held: switched('held, the branch beside', 'atHand', 'heldMs'),
    heard: switched('heard, the branch beside', 'atHand', 'heardMs'),
    silent: switched('silence, the branch beside', 'atHand', 'silentMs'),
    farHeld: switched('held, any branch', 'unknown', 'heldMs'),
    farHeard: switched('heard, any branch', 'unknown', 'heardMs'),
    farSilent: switched('silence, any branch', 'unknown', 'silentMs'),
  };
}

await runBench(async (onStop) => {
  const given = process.env['BENCH_DATABASE_URL'];
  const app = await startApp({ env: given === undefined ? {} : { DATABASE_URL: given } });
  onStop(async () => void (await app.stop()));
  const { executablePath, env } = await findChromium();
  // Presses are made by scripts, which is no gesture of a person.
  const args = ['--autoplay-policy=no-user-gesture-required'];
  const browser = await chromium.launch({ executablePath, env, args });
  onStop(() => browser.close());
  const page = await browser.newPage();
  const isSupported = `MediaSource.isTypeSupported('${codecMime.aac}')`;
  const codec = v.parse(codecSchema, (await page.evaluate(isSupported)) === true ? 'aac' : 'opus');
  await page.close();

  const story = await plantTones(app.origin);
  const rounds = { ours: [] as OurRound[], bare: [] as BareRound[] };
  const asked = { origin: app.origin, story, codec };
  for (let round = 0; round < ROUNDS; round += 1) {
    rounds.bare.push(await listenToBare(browser, asked));
    rounds.ours.push(await listenToOurs(browser, asked));
  }
  const found = rows(rounds);
  await report({
    bench: 'listening',
    settings: { ROUNDS, BRANCH_SECONDS, codec },
    versions: { chromium: browser.version() },
    results: Object.values(found),
    goals: [
      {
        goal: 'Play to sound at hand, p95, ms',
        atMost: GOALS.pressMs,
        measured: found.atHand.p95Ms,
      },
      {
        goal: 'a switch to the branch beside is held, p95, ms',
        atMost: GOALS.heldMs,
        measured: found.held.p95Ms,
      },
    ],
  });
});
