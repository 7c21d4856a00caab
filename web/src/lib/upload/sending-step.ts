// How far a take is that waits on this device to be published, and how that is said.
import * as v from 'valibot';
import { publishedSchema } from '#domain/protocol/commands.ts';

export const stepSchema = v.variant('at', [
  /** Kept here until there is a line; `share` is what of it has arrived. */
  v.object({ at: v.literal('waiting'), share: v.number() }),
  /** Kept here until the take that it answers, which is on this device as well, is in the story. */
  v.object({ at: v.literal('behind'), parent: v.picklist(['waiting', 'refused', 'kept']) }),
  /** The story cannot take it yet, and says why. */
  v.object({ at: v.literal('not-yet'), why: v.string() }),
  v.object({
    at: v.literal('uploading'),
    share: v.number(),
    waitMs: v.nullable(v.number()),
    parts: v.number(),
    arrived: v.number(),
  }),
  v.object({ at: v.literal('publishing') }),
  /** Nobody sent it off, and somebody is here now: nobody knows whose it is. */
  v.object({ at: v.literal('asks') }),
  v.object({ at: v.literal('live'), published: publishedSchema }),
  /** The story did not take it, and says why; it is not sent again unasked. */
  v.object({ at: v.literal('refused'), why: v.string(), isPlaceGone: v.boolean() }),
]);
export type Step = v.InferOutput<typeof stepSchema>;

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** "Kept here. Waiting for network", "Uploading part 2 of 4 · 62 %", "Publishing". */
export function describeStep(step: Step): string {
  switch (step.at) {
    case 'waiting':
      return step.share > 0
        ? `Kept here. Waiting for network; ${percent(step.share)} has arrived`
        : 'Kept here. Waiting for network';
    case 'behind':
      return describeBehind(step.parent);
    case 'not-yet':
      return `Kept here. ${step.why}`;
    case 'uploading':
      return describeUpload(step);
    case 'publishing':
      return 'Publishing';
    case 'asks':
      return 'Sent off on this device before anybody was signed in, and not published: nobody knows whose it is';
    case 'live':
      return 'Live';
    case 'refused':
      return `The story did not take it: ${step.why}`;
  }
}

function describeBehind(parent: Extract<Step, { at: 'behind' }>['parent']): string {
  switch (parent) {
    case 'waiting':
      return 'Kept here. It waits for your take above';
    case 'refused':
      return 'Kept here. It waits for your take above, which the story did not take';
    case 'kept':
      return 'Kept here. It waits for the take that it answers, which is on this device and not published yet';
  }
}

/** Where a take is meanwhile that could not be sent. */
export function whereItIs(isKept: boolean): string {
  return isKept
    ? 'Your take is safe on this device.'
    : 'Your take is on this page alone: leave it open.';
}

/**
 * What is said while a file is on its way.
 * @param isKept whether this device keeps the take
 */
export function describeUpload(
  { share, waitMs, parts, arrived }: Omit<Extract<Step, { at: 'uploading' }>, 'at'>,
  isKept = true,
): string {
  if (waitMs !== null)
    return `The network dropped at ${percent(share)}. ${whereItIs(isKept)} We try again in ${Math.ceil(waitMs / 1000)} s`;
  const part = parts > 1 ? ` part ${Math.min(parts, arrived + 1)} of ${parts} ·` : '';
  return `Uploading${part} ${percent(share)}`;
}
