// Branded ids: a story's id can never be passed where a take's is asked for.
import * as v from 'valibot';

/** Lower case, as Postgres gives it back: one id has one spelling, and one document. */
const uuid = v.pipe(v.string(), v.uuid(), v.toLowerCase());

export const storyIdSchema = v.pipe(uuid, v.brand('StoryId'));
export const takeIdSchema = v.pipe(uuid, v.brand('TakeId'));
export const userIdSchema = v.pipe(uuid, v.brand('UserId'));
export const uploadIdSchema = v.pipe(uuid, v.brand('UploadId'));

export type StoryId = v.InferOutput<typeof storyIdSchema>;
export type TakeId = v.InferOutput<typeof takeIdSchema>;
export type UserId = v.InferOutput<typeof userIdSchema>;
export type UploadId = v.InferOutput<typeof uploadIdSchema>;

/** Narrows a string to a StoryId; throws `v.ValiError` on anything but a UUID. */
export const storyId = (id: string): StoryId => v.parse(storyIdSchema, id);
/** Narrows a string to a TakeId; throws `v.ValiError` on anything but a UUID. */
export const takeId = (id: string): TakeId => v.parse(takeIdSchema, id);
/** Narrows a string to a UserId; throws `v.ValiError` on anything but a UUID. */
export const userId = (id: string): UserId => v.parse(userIdSchema, id);
/** Narrows a string to an UploadId; throws `v.ValiError` on anything but a UUID. */
export const uploadId = (id: string): UploadId => v.parse(uploadIdSchema, id);
