// The whole schema, for drizzle's query builder and drizzle-kit.
export * from './schema/accounts.ts';
export * from './schema/alerts.ts';
export * from './schema/documents.ts';
export * from './schema/exports.ts';
export * from './schema/listening.ts';
export * from './schema/media.ts';
export * from './schema/people.ts';
export * from './schema/stories.ts';
export * from './schema/uploads.ts';
export * from './schema/words.ts';
