// Overdubs through a sound card of software: reported, and no reason to fail, because a busy machine
// is late by another time whenever it stutters. Run it where PulseAudio is installed:
// LOOPBACK=pulse npx playwright test tests/journeys/loopback.journey.ts
import path from 'node:path';
import { chromium, expect, test } from '@playwright/test';
import { findChromium } from '../harness/chromium.ts';
import { openSoundCard } from '../harness/sound-card.ts';
import { serveBuilt } from './support/built-page.ts';
import type { Loopback, MeasureLoopback } from './support/overdub-page.ts';

const SESSIONS = 5;
const TAKES = 4;

test.skip(process.env['LOOPBACK'] !== 'pulse', 'needs PulseAudio, and says so: LOOPBACK=pulse');

test('takes over a parent through real devices, after measuring them', async () => {
  const card = await openSoundCard();
  const served = await serveBuilt(path.join(import.meta.dirname, 'support/overdub-page.ts'));
  const { executablePath, env } = await findChromium();
  const browser = await chromium.launch({
    executablePath,
    env: { ...env, ...card.env },
    // Playwright mutes what it starts, and a muted browser plays into nothing.
    ignoreDefaultArgs: ['--mute-audio'],
    args: ['--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(served.origin);
    const sessions: Loopback[] = [];
    for (let session = 0; session < SESSIONS; session += 1) {
      const found = await page.evaluate(
        (takes) => (globalThis as unknown as { loopback: MeasureLoopback }).loopback(takes),
        TAKES,
      );
      console.info(describe(found));
      sessions.push(found);
    }
    const offMs = sessions
      .flatMap(({ placedMs }) => placedMs.map(Math.abs))
      .toSorted((a, b) => a - b);
    const guessMs = sessions
      .map(({ guessedMs, measuredMs }) => Math.abs(guessedMs - measuredMs))
      .toSorted((a, b) => a - b);
    console.info(`off after measuring: ${spread(offMs)}; the browser's guess: ${spread(guessMs)}`);
    expect(offMs.length).toBe(SESSIONS * TAKES);
  } finally {
    await browser.close();
    await served.close();
    await card.close();
  }
});

function describe({ guessedMs, measuredMs, placedMs, timings }: Loopback): string {
  const takes = placedMs.map((ms, index) => {
    const timing = timings[index];
    return `${ms.toFixed(2)}${timing === undefined ? '' : ` ${JSON.stringify(timing)}`}`;
  });
  return `guessed ${guessedMs.toFixed(0)} ms, measured ${measuredMs.toFixed(1)} ms, takes off by ${takes.join(', ')} ms`;
}

function spread(sorted: readonly number[]): string {
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(2);
  return `median ${at(0.5)}, p95 ${at(0.95)}, most ${at(1)} ms`;
}
