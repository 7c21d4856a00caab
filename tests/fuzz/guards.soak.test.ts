// 200,000 frames that no client of ours sends, against the guards: each is refused in words that we
// know, or does no harm.
import { expect, test } from 'vitest';
import { randomFrom } from '../../collab-server/testing/random.ts';
import { hostileFrame } from './frames.ts';
import { GuardedWords, Victim, type Outcome } from './guarded-words.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_127);
const FRAMES = Number(process.env['FUZZ_FRAMES'] ?? 200_000);
/** A document takes so many, then its victim comes back and another one is begun. */
const FRAMES_PER_DOCUMENT = 400;
/** The longest that one frame may hold everybody up, milliseconds of processor time. */
const HANG_MS = 1_000;

const WORDS = 'take:6b0d7a6e-7f7d-4f8e-9a53-3f6f2d9f5a11:words';
const VICTIM = 4_000_000_001;
const ATTACKER = 77;

test(
  `${FRAMES} hostile frames (seed ${SEED})`,
  async (context) => {
    const outcomes: Record<Outcome, number> = { refused: 0, 'passed over': 0, applied: 0 };
    let slowestMs = 0;
    for (let from = 0; from < FRAMES; from += FRAMES_PER_DOCUMENT) {
      const random = randomFrom(SEED + from);
      const victim = new Victim(VICTIM);
      const words = new GuardedWords(WORDS);
      words.begin('victim', victim.doc);
      const targets = {
        documents: [WORDS, WORDS, WORDS, 'story:6b0d7a6e-7f7d-4f8e-9a53-3f6f2d9f5a11', '__proto__'],
        clients: [VICTIM, VICTIM, 1, ATTACKER],
        honest: words.document,
      };
      for (let n = from; n < Math.min(from + FRAMES_PER_DOCUMENT, FRAMES); n += 1) {
        const frame = hostileFrame(random, targets);
        const what = () => `frame ${n} of seed ${SEED}: ${Buffer.from(frame).toString('hex')}`;
        const beganMs = process.threadCpuUsage();
        const outcome = await words.receive(frame).catch((error: unknown) => {
          throw new Error(what(), { cause: error });
        });
        const { user, system } = process.threadCpuUsage(beganMs);
        slowestMs = Math.max(slowestMs, (user + system) / 1_000);
        outcomes[outcome] += 1;
        const faults = words.faults(victim);
        if (faults.length > 0) throw new Error(`${faults.join(', ')} after ${what()}`);
      }
      expect(words.finalFaults(victim), `frames ${from} and on of seed ${SEED}`).toEqual([]);
    }
    await context.annotate(`${JSON.stringify(outcomes)}, slowest ${slowestMs.toFixed(1)} ms`);
    expect(slowestMs).toBeLessThan(HANG_MS);
    // The generator must not go blunt: a tenth at least gets through to Yjs.
    expect(outcomes.applied).toBeGreaterThan(FRAMES / 20);
  },
  300_000 + FRAMES,
);
