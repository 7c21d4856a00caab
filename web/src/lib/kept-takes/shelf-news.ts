// What the tabs of this browser tell each other about the takes that it keeps.
import * as v from 'valibot';
import { takeIdSchema } from '#domain/story/ids.ts';
import { stepSchema } from '../upload/sending-step.ts';

const messageSchema = v.variant('type', [
  /** Something came, went or was changed: look again. */
  v.object({ type: v.literal('changed') }),
  /** How far a take is that is sent from another tab. */
  v.object({ type: v.literal('step'), takeId: takeIdSchema, step: stepSchema }),
]);
export type ShelfMessage = v.InferOutput<typeof messageSchema>;

const CHANNEL = 'tap-takes';

/** Tells all who listen but the teller. `close` it when nobody listens any more. */
export class ShelfNews {
  readonly #channel: BroadcastChannel | null =
    typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel(CHANNEL);

  /** @param listener told what is told elsewhere, from now on */
  constructor(listener: (message: ShelfMessage) => void) {
    this.#channel?.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      // A tab of another version may say what this one does not know.
      const parsed = v.safeParse(messageSchema, data);
      if (parsed.success) listener(parsed.output);
    });
  }

  tell(message: ShelfMessage): void {
    this.#channel?.postMessage(message);
  }

  close(): void {
    this.#channel?.close();
  }
}

/** Tells everybody, on this page too, that something changed. */
export function tellChanged(): void {
  const news = new ShelfNews(() => undefined);
  news.tell({ type: 'changed' });
  news.close();
}
