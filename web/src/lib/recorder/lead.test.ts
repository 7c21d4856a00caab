import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { takeId } from '#domain/story/ids.ts';
import { endOf, startFor, type Span } from '#domain/timeline/duet.ts';
import { planLead } from './lead.ts';
import type { LeadTake, Over } from './recorder-props.ts';

const second = 48_000;
const take = (span: Span, kind: LeadTake['kind'] = 'voice'): LeadTake => ({
  ...span,
  id: takeId(randomUUID()),
  kind,
  name: 'Mira',
  hue: 0,
});

/** The last three of a path of voices with these tails: each take outlasts its parent by one. */
function overOf(tails: readonly number[]): Over {
  const path: LeadTake[] = [];
  for (const tail of tails) {
    const [parent = null, grandparent = null] = path.toReversed();
    const startSamples = startFor('voice', { parent, grandparent });
    const end = (parent === null ? 0 : endOf(parent)) + tail;
    path.push(take({ startSamples, durationSamples: end - startSamples }));
  }
  const [last, parent = null, grandparent = null] = path.toReversed();
  if (last === undefined) throw new Error('an empty path');
  return { take: last, parent, grandparent };
}

test('a seed has nothing to hear and starts at once', () => {
  expect(planLead(null)).toEqual({ punchSamples: 0, preRollSamples: 0, tailSamples: 0, clips: [] });
});

test('over a seed there are four seconds to get ready, then the seed from its start', () => {
  const over = overOf([10 * second]);
  const plan = planLead(over);
  expect(plan).toMatchObject({
    punchSamples: 0,
    preRollSamples: 4 * second,
    tailSamples: 10 * second,
    clips: [{ fromSamples: 0, durationSamples: 10 * second, atSamples: 4 * second }],
  });
});

test('later takes are led to by four seconds of the story, in which two voices may sound', () => {
  const over = overOf([10 * second, 6 * second]);
  expect(planLead(over)).toMatchObject({
    punchSamples: 10 * second,
    preRollSamples: 4 * second,
    tailSamples: 6 * second,
    clips: [
      {
        takeId: over.parent?.id,
        fromSamples: 6 * second,
        durationSamples: 4 * second,
        atSamples: 0,
      },
      { takeId: over.take.id, fromSamples: 6 * second, durationSamples: 10 * second, atSamples: 0 },
    ],
  });
});

test('written takes are silent', () => {
  const over = overOf([5 * second]);
  expect(planLead({ ...over, take: { ...over.take, kind: 'text' } }).clips).toEqual([]);
});

test('on any path: clips lie inside their stems, in their place, and only the parent follows the punch', () => {
  const tails = fc.array(fc.integer({ min: 1, max: 20 * second }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(tails, (lengths) => {
      const over = overOf(lengths);
      const plan = planLead(over);
      const origin = plan.punchSamples - plan.preRollSamples;
      const sounding = new Map([over.take, over.parent, over.grandparent].map((t) => [t?.id, t]));
      for (const clip of plan.clips) {
        const source = sounding.get(clip.takeId);
        if (source === null || source === undefined) throw new Error('a stranger sounds');
        expect(clip.atSamples).toBeGreaterThanOrEqual(0);
        expect(clip.fromSamples + clip.durationSamples).toBe(source.durationSamples);
        expect(origin + clip.atSamples - clip.fromSamples).toBe(source.startSamples);
        const after = origin + clip.atSamples + clip.durationSamples > plan.punchSamples;
        expect(after).toBe(clip.takeId === over.take.id);
      }
      expect(plan.tailSamples).toBe(lengths.at(-1));
    }),
  );
});

test('known failure 38: the recorder punches in where the one timeline rule places the take', () => {
  const tails = fc.array(fc.integer({ min: 1, max: 20 * second }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(tails, (lengths) => {
      // The rule as the product has it: start₀ = start₁ = 0; startₖ = startₖ₋₂ + durₖ₋₂.
      const spans: Span[] = [];
      for (const [k, tail] of lengths.entries()) {
        const [parent, grandparent] = [spans[k - 1], spans[k - 2]];
        const start = grandparent === undefined ? 0 : endOf(grandparent);
        const end = (parent === undefined ? 0 : endOf(parent)) + tail;
        spans.push({ startSamples: start, durationSamples: end - start });
      }
      const before = spans.at(-2);
      const punch = before === undefined ? 0 : endOf(before);
      expect(planLead(overOf(lengths)).punchSamples).toBe(punch);
    }),
  );
});
