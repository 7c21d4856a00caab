// What the page does, and says, when the server closes its socket: one row for each of our codes.
import { CLOSE } from '#domain/protocol/room.ts';

export type CloseAct =
  /** Open again and compare: what is unsaved is sent again. */
  | 'resync'
  /** The same, but not soon: after as long as the server asks for. */
  | 'wait'
  /** The session is over: what is unsaved is set aside, and the page goes on as a listener. */
  | 'signOut'
  /** The same again would be refused again: what is unsaved is set aside, words open afresh. */
  | 'startAnew'
  /** The words that are too long are left alone until they are shorter. */
  | 'shorten';

export interface CloseRule {
  readonly act: CloseAct;
  /** What is said until the room is open again; empty if that is soon. */
  readonly says: string;
}

type Code = (typeof CLOSE)[keyof typeof CLOSE];

const rules: Record<Code, CloseRule> = {
  [CLOSE.malformed]: { act: 'startAnew', says: '' },
  [CLOSE.unauthorized]: { act: 'signOut', says: '' },
  [CLOSE.forbidden]: { act: 'resync', says: '' },
  [CLOSE.idle]: { act: 'resync', says: '' },
  [CLOSE.notYours]: { act: 'startAnew', says: '' },
  [CLOSE.gone]: { act: 'resync', says: '' },
  [CLOSE.tooLarge]: { act: 'shorten', says: '' },
  [CLOSE.unfit]: { act: 'startAnew', says: '' },
  [CLOSE.stranded]: { act: 'startAnew', says: '' },
  [CLOSE.tooMuch]: {
    act: 'wait',
    says: 'Too much came from here at once. We try again soon.',
  },
  [CLOSE.internal]: { act: 'resync', says: '' },
};

/** A line that is lost closes with a code that is not ours. */
const lost: CloseRule = { act: 'resync', says: '' };

/** How often a page starts anew before it is told that it is of no use any more. */
export const OUTDATED_AFTER = 3;
export const outdatedWords =
  'This page does not get on with Tap Story any more. Copy what is not saved, then load it again.';

const byCode = new Map<number, CloseRule>(
  Object.entries(rules).map(([code, rule]) => [Number(code), rule]),
);

export function ruleOf(code: number): CloseRule {
  return byCode.get(code) ?? lost;
}
