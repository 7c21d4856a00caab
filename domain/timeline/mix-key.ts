// The name of a mix: everything that decides its bytes, and nothing else.
import type { MixPlan } from './mix-plan.ts';

/** Raise when the renderer's output for the same plan changes; one line per version. */
// 1: AAC and Opus packs on the 1.92 s grid
// 2: the limiter holds true peaks
export const RENDER_VERSION = 2;

/**
 * The text to hash into the mix's key: equal plans under one render version have equal text.
 * Take ids are left out, so that the same sound is never rendered twice.
 */
export function mixKeyText(plan: MixPlan): string {
  const clips = plan.clips.map((clip) => [
    clip.stemSha256,
    clip.fromSamples,
    clip.durationSamples,
    clip.atSamples,
    clip.gainDb,
    clip.fadeIn,
    clip.fadeOut,
  ]);
  return JSON.stringify([RENDER_VERSION, plan.startSamples, plan.durationSamples, clips]);
}
