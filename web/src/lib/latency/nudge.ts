// Moving a take by ear: milliseconds, positive is later.

/** How far a take may be moved either way: what is kept of the sound around it. */
export const MOST_NUDGE_MS = 250;

export interface Nudge {
  readonly ms: number;
  /** Whether more was asked for than may be. */
  readonly limited: boolean;
}

/** A nudge after a step; it stops at the limit, and says so. */
export function nudged(ms: number, stepMs: number): Nudge {
  const asked = Math.round(ms + stepMs);
  const held = Math.max(-MOST_NUDGE_MS, Math.min(MOST_NUDGE_MS, asked));
  return { ms: held, limited: held !== asked };
}
