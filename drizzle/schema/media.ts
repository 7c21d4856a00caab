// What the worker made of an upload. A row never names an object that is not there.
import { sql } from 'drizzle-orm';
import {
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  real,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { bytea } from '../columns.ts';
import type { TakeId } from '#domain/story/ids.ts';
import type { Codec, Pack } from '#domain/timeline/path-packs.ts';
import { takes } from './stories.ts';

/** The lossless stem of a voice take (FLAC, 48 kHz, mono, 16 bit) and what was measured of it. */
export const stems = pgTable(
  'stems',
  {
    takeId: uuid()
      .$type<TakeId>()
      .primaryKey()
      .references(() => takes.id, { onDelete: 'restrict' }),
    objectKey: text().notNull(),
    sha256: text().notNull(),
    bytes: bigint({ mode: 'number' }).notNull(),
    durationSamples: integer().notNull(),
    /** Integrated loudness, LUFS, measured dual-mono; null for silence. */
    loudnessLufs: real(),
    /** Static gain of every mix of this stem, dB. */
    gainDb: real().notNull(),
    /** Stretches of silence, in samples from the stem's start. */
    silences: jsonb().$type<{ startSamples: number; durationSamples: number }[]>().notNull(),
    /** The waveform: signed 8-bit min/max pairs, 100, 10 and 1 a second. */
    peaks: bytea().notNull(),
    peaks10: bytea().notNull(),
    peaks1: bytea().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
  },
  // For the sweep, which asks of many objects at a time who names them.
  (table) => [index('stems_object_idx').on(table.objectKey)],
);

/**
 * The rendered region of a take, one pack per codec: with every voice, and while a voice of it is
 * hidden also without that one.
 */
export const mixes = pgTable(
  'mixes',
  {
    takeId: uuid()
      .$type<TakeId>()
      .notNull()
      .references(() => takes.id, { onDelete: 'restrict' }),
    renderVersion: integer().notNull(),
    /** SHA-256 of the plan's key text. */
    planSha256: text().notNull(),
    firstSegment: integer().notNull(),
    /** The takes whose stems sound in it, oldest first: whoever may not hear one gets another mix. */
    sounds: uuid().array().$type<TakeId[]>().notNull(),
    packs: jsonb().$type<Record<Codec, Pack>>().notNull(),
    createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
    /** Since when another mix of the same voices has taken its place; null for one that is played. */
    supersededAt: timestamp({ withTimezone: true }),
  },
  (table) => [
    unique('mixes_take_plan_key').on(table.takeId, table.planSha256),
    uniqueIndex('mixes_take_sounds_idx')
      .on(table.takeId, table.sounds)
      .where(sql`${table.supersededAt} is null`),
    index('mixes_plan_idx').on(table.planSha256),
    index('mixes_superseded_idx')
      .on(table.supersededAt)
      .where(sql`${table.supersededAt} is not null`),
    index('mixes_aac_object_idx').on(sql`(${table.packs}->'aac'->>'objectKey')`),
    index('mixes_opus_object_idx').on(sql`(${table.packs}->'opus'->>'objectKey')`),
  ],
);
