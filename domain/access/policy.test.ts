import { describe, expect, it, test } from 'vitest';
import { userId } from '../story/ids.ts';
import {
  may,
  mayHear,
  mayReadOriginal,
  roles,
  standingOf,
  type Act,
  type MemberRole,
  type Openness,
} from './policy.ts';

const mia = { id: userId('6f9619ff-8b86-4011-b42d-00c04fc964ff') };
const jo = { id: userId('6f9619ff-8b86-4011-b42d-00c04fc964fe') };

/** Owner, keeper, teller, commenter, listener: y may, . may not, o on takes of their own. */
const table: readonly (readonly [act: Act, open: string, members: string])[] = [
  ['listen', 'yyyyy', 'yyyyy'],
  ['like', 'yyyy.', 'yyyy.'],
  ['branch', 'yyy..', 'yyy..'],
  ['writeWords', 'yyy..', 'yyo..'],
  ['readHistory', 'yyyoo', 'yyooo'],
  ['forgetWords', 'yyooo', 'yyooo'],
  ['hide', 'yyooo', 'yyooo'],
  ['seeHidden', 'yyooo', 'yyooo'],
  ['retitle', 'yy...', 'yy...'],
  ['govern', 'y....', 'y....'],
];

test.each(table)('who may %s', (act, open, members) => {
  const row = (openness: Openness) =>
    roles
      .map((role) => {
        const others = may(act, { role, openness });
        const own = may(act, { role, openness }, true);
        if (others) return 'y';
        return own ? 'o' : '.';
      })
      .join('');
  expect([row('open'), row('members')]).toEqual([open, members]);
});

const roleOf = (person: typeof mia | null, openness: Openness, given: MemberRole | null) =>
  standingOf(person, { ownerId: mia.id, openness }, given).role;

describe('what somebody is in a story', () => {
  it('is the owner if they planted it, whatever role somebody wrote down for them', () => {
    expect(roleOf(mia, 'open', null)).toBe('owner');
    expect(roleOf(mia, 'members', 'listener')).toBe('owner');
  });

  it('is the role they were given, in an open story too', () => {
    for (const given of ['keeper', 'teller', 'commenter', 'listener'] as const) {
      expect([roleOf(jo, 'open', given), roleOf(jo, 'members', given)]).toEqual([given, given]);
    }
  });

  it('is a teller in an open story and a listener elsewhere, if they have a session', () => {
    expect([roleOf(jo, 'open', null), roleOf(jo, 'members', null)]).toEqual(['teller', 'listener']);
  });

  it('is a listener without a session, always', () => {
    expect([roleOf(null, 'open', null), roleOf(null, 'open', 'keeper')]).toEqual([
      'listener',
      'listener',
    ]);
  });
});

it('a hidden take is heard by its author, the keepers and the owner', () => {
  const hears = (person: typeof mia | null, role: (typeof roles)[number]) =>
    mayHear(person, { role, openness: 'open' }, { authorId: mia.id, hidden: true });
  expect([hears(mia, 'listener'), hears(jo, 'owner'), hears(jo, 'keeper')]).toEqual([
    true,
    true,
    true,
  ]);
  expect([hears(jo, 'teller'), hears(jo, 'commenter'), hears(null, 'listener')]).toEqual([
    false,
    false,
    false,
  ]);
  const shown = { authorId: mia.id, hidden: false };
  expect(mayHear(null, { role: 'listener', openness: 'members' }, shown)).toBe(true);
});

it('only its author may have the original', () => {
  const take = { authorId: mia.id };
  expect([mia, jo, null].map((person) => mayReadOriginal(person, take))).toEqual([
    true,
    false,
    false,
  ]);
});
