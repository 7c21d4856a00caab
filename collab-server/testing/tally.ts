// Counts what was lost: every edit is a token that nobody else ever writes.

/** What is wrong with a text of tokens. */
export interface Tally {
  /** Called saved, and not there. */
  readonly lost: readonly string[];
  /** There more than once. */
  readonly doubled: readonly string[];
  /** There, and never written. */
  readonly ghosts: readonly string[];
}

export const FLAWLESS: Tally = { lost: [], doubled: [], ghosts: [] };

/** What several writers of one text wrote, and what they were told is saved. */
export interface Written {
  readonly sent: readonly string[];
  readonly saved: readonly string[];
}

/** The tokens of a text; each ends with a semicolon. */
export const tokensIn = (text: string): string[] => text.split(/(?<=;)/u).filter(Boolean);

export function tally(text: string, writers: readonly Written[]): Tally {
  const found = tokensIn(text);
  const once = new Set(found);
  const sent = new Set(writers.flatMap((each) => each.sent));
  return {
    lost: writers.flatMap(({ saved }) => saved.filter((token) => !once.has(token))),
    doubled: found.filter((token, at) => found.indexOf(token) !== at),
    ghosts: [...once].filter((token) => !sent.has(token)),
  };
}
