// The browser dies twenty times while it records, and twenty times while it sends: no second that was
// called kept is lost, and nothing is published twice or damaged.
import { createHash } from 'node:crypto';
import { setTimeout as passes } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { SAMPLE_RATE } from '#domain/timeline/samples.ts';
import { expect, test } from '../harness/journey.ts';
import { locate, randomFrom, voice } from '../harness/tones.ts';
import { HttpPerson } from './support/http-person.ts';
import { capturedOnDisk, takesOnDisk } from './support/kept-on-disk.ts';
import { KilledBrowser } from './support/killed-browser.ts';
import { recorderOf, startRecording } from './support/recording.ts';
import { microphoneFile, spoken } from './support/sound.ts';
import { signIn } from './support/stories.ts';

/** Fewer are enough while one works on it. */
const KILLS = Number(process.env['KILLS'] ?? 20);
const SEED = Number(process.env['KILL_SEED'] ?? 7);
/** Where in what the microphone hears a take may begin: a busy machine opens it late. */
const HEARD_SECONDS = 40;

test.setTimeout(600_000);

test('known failure 1: 20 SIGKILLs while it records lose no second that was called kept', async ({
  app,
}, info) => {
  const random = randomFrom(SEED);
  const says = await microphoneFile(info.outputPath('says.wav'), SEED);
  const browser = await KilledBrowser.of({ origin: app.origin, says });
  const confirmed: number[] = [];
  try {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const page = await browser.open();
      const kept = await watchKept(page);
      await page.goto('/new');
      await startRecording(page);
      await expect.poll(kept, { intervals: [20] }).toBeGreaterThan(0);
      await passes(1_000 * random());
      await browser.kill();
      confirmed.push(kept());
    }
    const page = await browser.open();
    await page.goto('/new');
    const files = await capturedOnDisk(page);
    expect(files).toHaveLength(KILLS);
    await expect(page.getByText(/^We kept your take from/u)).toHaveCount(KILLS);
    const heard = voice(SEED, HEARD_SECONDS * SAMPLE_RATE);
    const torn = files.filter(({ tornBytes }) => tornBytes > 0).length;
    const beyond = files.map(({ samples }, index) => samples.length - (confirmed[index] ?? 0));
    info.annotations.push({
      type: 'kept',
      description: `seed ${SEED}: confirmed ${confirmed.join(', ')} frames; beyond that ${beyond.join(', ')}; ${torn} torn`,
    });
    // Each frame has a checksum of what was captured.
    for (const { damagedFrames } of files) expect(damagedFrames).toBe(0);
    for (const frames of beyond) expect(frames).toBeGreaterThanOrEqual(0);
    // And that is what the microphone heard, but where a busy machine makes that one skip.
    const likenesses = files.map(({ samples }) =>
      likenessTo(
        heard,
        Float32Array.from(samples, (sample) => sample / 32_767),
      ),
    );
    info.annotations.push({ type: 'likeness', description: likenesses.join(', ') });
    const alike = likenesses.filter((likeness) => likeness > ALIKE).length;
    expect(alike, likenesses.join(', ')).toBeGreaterThanOrEqual(0.75 * KILLS);
  } finally {
    await browser.discard();
  }
});

/** Follows what the page says is on the disk; what it said before it died counts. */
async function watchKept(page: Page): Promise<() => number> {
  let frames = 0;
  page.on('console', (message) => {
    const said = /^kept (\d+)$/u.exec(message.text());
    if (said !== null) frames = Number(said[1]);
  });
  await page.addInitScript(() => {
    new MutationObserver(() => {
      const kept = document.querySelector<HTMLElement>('[data-kept-frames]')?.dataset['keptFrames'];
      if (kept !== undefined && kept !== '0') console.info(`kept ${kept}`);
    }).observe(document, { subtree: true, attributeFilter: ['data-kept-frames'] });
  });
  return () => frames;
}

/** A fake microphone is heard at 44.1 kHz, without the top of a burst of noise. */
const ALIKE = 0.9;

/** How much a take is what was heard, in one piece, at the place where it is most. */
function likenessTo(heard: Float32Array, take: Float32Array): number {
  // By their signs alone, or the loudest place of all would be the most alike to a short take.
  const { lagSamples } = locate(take.map(Math.sign), heard.map(Math.sign));
  return likeness(take, heard.subarray(Math.max(0, lagSamples)));
}

/** Normalised correlation of two sounds, 1 for the same. */
function likeness(a: Float32Array, b: Float32Array): number {
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [index, sample] of a.entries()) {
    const other = b[index] ?? 0;
    both += sample * other;
    ofA += sample * sample;
    ofB += other * other;
  }
  return both / Math.sqrt(ofA * ofB);
}

/** Three parts of an upload. */
const SENT_SECONDS = 112;
const KILLS_PER_TAKE = 5;
/** Slow enough that a take is on its way for some seconds. */
const BYTES_PER_SECOND = 5_000_000;

test('known failure 41: 20 SIGKILLs while it sends make one take each, byte for byte', async ({
  app,
}, info) => {
  const random = randomFrom(SEED);
  const ana = await HttpPerson.named(app.origin, 'Ana');
  const browser = await KilledBrowser.of({ origin: app.origin });
  const files: Buffer[] = [];
  const phases: string[] = [];
  const open = async (): Promise<Page> => {
    const page = await browser.open();
    await signIn(page.context(), ana);
    return page;
  };
  try {
    let left = 0;
    while (phases.length < KILLS) {
      const page = await open();
      await slowDown(page);
      if (left === 0) {
        const file = Buffer.from(spoken(SEED + files.length, SENT_SECONDS));
        files.push(file);
        left = KILLS_PER_TAKE;
        await sendFile(page, file, files.length);
      } else await page.goto('/');
      await passes(1_800 * random());
      const take = (await takesOnDisk(page)).at(-1);
      if (take?.state !== 'queued') left = 0;
      else {
        phases.push(take.sending?.uploadId === null ? 'before its upload' : 'within its upload');
        left -= 1;
      }
      await browser.kill();
    }
    const page = await open();
    await page.goto('/');
    await expect
      .poll(async () => (await takesOnDisk(page)).map(({ state }) => state), { timeout: 120_000 })
      .toEqual(files.map(() => 'live'));
    await page.reload();
    for (const [index, { published }] of (await takesOnDisk(page)).entries()) {
      const answer = await ana.call('GET', `/api/takes/${published?.takeId}/original`);
      expect(sha256(answer.bytes)).toBe(sha256(files[index] ?? Buffer.alloc(0)));
      const title = page.getByRole('heading', { name: `Sent ${index + 1}`, exact: true });
      await expect(title).toHaveCount(1);
    }
    info.annotations.push({ type: 'killed', description: `seed ${SEED}: ${phases.join(', ')}` });
  } finally {
    await browser.discard();
  }
});

async function slowDown(page: Page): Promise<void> {
  const line = await page.context().newCDPSession(page);
  await line.send('Network.enable');
  await line.send('Network.emulateNetworkConditions', {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: BYTES_PER_SECOND,
  });
}

/** Sends the file as take `number`; it is in the queue, or through it, when this resolves. */
async function sendFile(page: Page, buffer: Buffer, number: number): Promise<void> {
  await page.goto('/new');
  await recorderOf(page)
    .locator('input[type=file]')
    .setInputFiles({ name: 'sent.wav', mimeType: 'audio/wav', buffer });
  await page.getByLabel('Title of the story').fill(`Sent ${number}`);
  await recorderOf(page).getByRole('button', { name: 'Publish' }).click();
  await expect
    .poll(async () => (await takesOnDisk(page)).at(number - 1)?.state, { intervals: [20] })
    .toMatch(/queued|live/u);
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
