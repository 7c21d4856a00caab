// What a page tells the service worker, and the header by which the server tells it who is here.
import * as v from 'valibot';

/** On every page that the server makes: the id of the person it is for, or `NOBODY`. */
export const PERSON_HEADER = 'x-tap-person';
export const NOBODY = 'nobody';

export const workerMessageSchema = v.variant('type', [
  /** This address is open now, without the worker having seen its page. */
  v.object({ type: v.literal('keep'), address: v.pipe(v.string(), v.url()) }),
  /** Who is at the page changed: nothing of anybody else may be kept. */
  v.object({ type: v.literal('person'), person: v.string() }),
]);
export type WorkerMessage = v.InferOutput<typeof workerMessageSchema>;
