import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { STEP } from './frames.ts';
import { TooMuch } from './refusals.ts';
import { checkSync } from './sync-guard.ts';

test('whoever may only read replies a few times in a row, on each connection', async () => {
  const document = new Y.Doc();
  const replyOn = (connection: { readonly readOnly: boolean }) =>
    checkSync(
      {
        document,
        connection,
        context: { socket: {} },
        type: STEP.reply,
        payload: Y.encodeStateAsUpdate(document),
      } as never,
      {} as never,
    );
  const [one, other] = [{ readOnly: true }, { readOnly: true }];
  for (let n = 0; n < 8; n += 1) await replyOn(one);
  await expect(async () => {
    // One more a second: a busy machine may have let some pass.
    for (let n = 0; n < 10_000; n += 1) await replyOn(one);
  }).rejects.toThrow(TooMuch);
  await replyOn(other);
});
