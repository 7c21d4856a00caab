// What the roles and acts are called on the page.
import type { Act, MemberRole, Role } from '#domain/access/policy.ts';

export const roleNames: Readonly<Record<Role, string>> = {
  owner: 'Owner',
  keeper: 'Keeper',
  teller: 'Teller',
  commenter: 'Commenter',
  listener: 'Listener',
};

export const memberRoles: readonly MemberRole[] = ['keeper', 'teller', 'commenter', 'listener'];

export const actNames: Readonly<Record<Act, string>> = {
  listen: 'Listen and read',
  like: 'Like takes',
  branch: 'Record and write takes',
  writeWords: 'Write the words of takes',
  readHistory: 'See who changed which words',
  forgetWords: 'Forget earlier words',
  hide: 'Hide takes',
  seeHidden: 'Hear hidden takes',
  retitle: 'Change the title',
  govern: 'Give roles, open the story',
  remove: 'Delete the story',
};

/** What a role may, in words. */
export const grantNames = { yes: 'Yes', no: 'No', own: 'Their own', open: 'Their own' } as const;
