import { fail, redirect } from '@sveltejs/kit';
import * as v from 'valibot';
import type { Actions, PageServerLoad } from './$types';
import { becomeGuest, renameUser } from '#backend/accounts/guests.ts';
import { nameSchema } from '#domain/protocol/commands.ts';
import { context } from '#lib/server/context.ts';

export const load: PageServerLoad = ({ cookies }) => ({ theme: cookies.get('theme') ?? 'auto' });

const themeSchema = v.picklist(['auto', 'dark', 'light']);
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
