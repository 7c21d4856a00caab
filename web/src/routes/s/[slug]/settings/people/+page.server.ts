import { error, fail, redirect } from '@sveltejs/kit';
import * as v from 'valibot';
import type { Actions, PageServerLoad } from './$types';
import { changeStory, giveRole } from '#backend/story/change-story.ts';
import { readPeople } from '#backend/story/people.ts';
import { standingBySlug } from '#backend/story/standing.ts';
import { may, memberRoleSchema, opennessSchema } from '#domain/access/policy.ts';
import { Problem } from '#domain/protocol/problem.ts';
import { userIdSchema, type StoryId } from '#domain/story/ids.ts';
import type { Voice } from '#domain/story/take.ts';
import { context, type WebContext } from '#lib/server/context.ts';

const NO_STORY = 'There is no such story, or its people are not yours to see.';

/** Who is what in a story, for its owner and keepers; anybody else is told of no such page. */
export const load: PageServerLoad = async ({ params, locals }) => {
  const { db } = await context();
  const story = await standingBySlug(db, params.slug, locals.user);
  if (story === null || !may('retitle', story.standing)) error(404, NO_STORY);
  return {
    slug: story.slug,
    title: story.title,
    openness: story.standing.openness,
    mayGovern: may('govern', story.standing),
    people: await readPeople(db, story.storyId),
  };
};

const roleForm = v.strictObject({
  person: v.pipe(v.string(), v.trim(), userIdSchema),
  role: v.union([
    memberRoleSchema,
    v.pipe(
      v.literal(''),
      v.transform(() => null),
    ),
  ]),
});
const opennessForm = v.strictObject({ openness: opennessSchema });

export const actions: Actions = {
  role: (event) =>
    act(event, roleForm, async ({ db }, story, { person: userId, role }) =>
      giveRole(db, story.person, story.storyId, { userId, role }),
    ),
  openness: (event) =>
    act(event, opennessForm, async ({ db }, story, command) =>
      changeStory(db, story.person, story.storyId, command),
    ),
};

interface Asked {
  readonly params: { readonly slug: string };
  readonly locals: App.Locals;
  readonly request: Request;
}

/** Reads a form, runs the command it stands for, and comes back to the page. */
async function act<S extends v.GenericSchema>(
  { params, locals, request }: Asked,
  schema: S,
  run: (
    context: WebContext,
    story: { readonly storyId: StoryId; readonly person: Voice },
    input: v.InferOutput<S>,
  ) => Promise<void>,
) {
  const input = v.safeParse(schema, Object.fromEntries(await request.formData()));
  if (!input.success) return fail(400, { problem: 'There is no such person or role.' });
  const opened = await context();
  const story = await standingBySlug(opened.db, params.slug, locals.user);
  if (story === null || locals.user === null) return fail(404, { problem: NO_STORY });
  try {
    await run(opened, { storyId: story.storyId, person: locals.user }, input.output);
  } catch (refused) {
    if (refused instanceof Problem) return fail(refused.status, { problem: refused.message });
    throw refused;
  }
  return redirect(303, `/s/${story.slug}/settings/people`);
}
