import { defineParams } from '@sveltejs/kit/params';
import { storyIdSchema, takeIdSchema, uploadIdSchema, userIdSchema } from '#domain/story/ids.ts';

export const params = defineParams({
  story: storyIdSchema,
  take: takeIdSchema,
  upload: uploadIdSchema,
  user: userIdSchema,
});
