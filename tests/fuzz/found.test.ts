// What fuzzing found, each as the smallest update that did it.
import { expect, test } from 'vitest';
import { STEP, syncFrame } from '../../collab-server/frames.ts';
import { GuardedWords, Victim } from './guarded-words.ts';

const WORDS = 'take:6b0d7a6e-7f7d-4f8e-9a53-3f6f2d9f5a11:words';

test.each([
  [
    'names another root in what is known already: Yjs made that root (seed 20261127, frame 3849)',
    '010181d0acf30e00040104656c7365017800',
  ],
  [
    'hangs on what its client made later: Yjs failed, and it was called saved (frame 5062)',
    '010181d0acf30e038481d0acf30e06017800',
  ],
  [
    'hangs within what its client made later: Yjs failed, and it was called saved (frame 5456)',
    '010181d0acf30e03040081d0acf30e09017800',
  ],
  [
    'deletes nothing of somebody unknown: Yjs failed, and it was called saved (frame 14194)',
    '000163010000',
  ],
])('an update that %s', async (_what, hex) => {
  for (const step of [STEP.update, STEP.reply]) {
    const victim = new Victim(4_000_000_001);
    const words = new GuardedWords(WORDS);
    words.begin('victim', victim.doc);
    const frame = syncFrame(WORDS, step, new Uint8Array(Buffer.from(hex, 'hex')));
    expect(await words.receive(frame)).toBe('refused');
    expect([...words.faults(victim), ...words.finalFaults(victim)]).toEqual([]);
  }
});
