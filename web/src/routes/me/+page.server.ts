import { fail, redirect } from '@sveltejs/kit';
import * as v from 'valibot';
import type { Actions, PageServerLoad } from './$types';
import { becomeGuest, renameUser } from '#backend/accounts/guests.ts';
import { deletedStories, setDeleted } from '#backend/story/delete-story.ts';
import { nameSchema } from '#domain/protocol/commands.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { storyIdSchema } from '#domain/story/ids.ts';
import { context } from '#lib/server/context.ts';

export const load: PageServerLoad = async ({ cookies, locals }) => ({
  theme: cookies.get('theme') ?? 'auto',
  deleted: locals.user === null ? [] : await deletedStories((await context()).db, locals.user.id),
});

const themeSchema = v.picklist(['auto', 'dark', 'light']);
const returnForm = v.strictObject({ story: storyIdSchema });
const YEAR_SECONDS = 365 * 24 * 60 * 60;

export const actions: Actions = {
  name: async ({ request, locals, cookies }) => {
    const typed = (await request.formData()).get('name');
    const name = v.safeParse(nameSchema, typed);
    if (!name.success) return fail(400, { problem: 'A name has 1 to 40 letters.' });
    const { db, sessions } = await context();
    if (locals.user === null) {
      const { cookie } = await becomeGuest({ db, sessions }, name.output);
      cookies.set(cookie.name, cookie.value, cookie.attributes);
    } else {
      await renameUser(db, locals.user.id, name.output);
    }
    return redirect(303, '/me');
  },
  return: async ({ request, locals }) => {
    const input = v.safeParse(returnForm, Object.fromEntries(await request.formData()));
    if (!input.success || locals.user === null) {
      return fail(404, { problem: 'There is no such story of yours.' });
    }
    const { db } = await context();
    try {
      await setDeleted(db, locals.user, { storyId: input.output.story, deleted: false });
    } catch (refused) {
      if (refused instanceof Problem) return fail(refused.status, { problem: refused.message });
      throw refused;
    }
    return redirect(303, '/me');
  },
  theme: async ({ request, cookies, url }) => {
    const theme = v.safeParse(themeSchema, (await request.formData()).get('theme'));
    if (!theme.success) return fail(400, { problem: 'There is no such look.' });
    cookies.set('theme', theme.output, {
      path: '/',
      maxAge: YEAR_SECONDS,
      sameSite: 'lax',
      httpOnly: true,
      secure: url.protocol === 'https:',
    });
    return redirect(303, '/me');
  },
};
