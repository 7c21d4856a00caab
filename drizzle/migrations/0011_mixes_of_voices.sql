ALTER TABLE "mixes" DROP CONSTRAINT "mixes_take_version_key";--> statement-breakpoint
ALTER TABLE "mixes" ADD COLUMN "sounds" uuid[] NOT NULL DEFAULT '{}';--> statement-breakpoint
-- Which voices are in what was rendered before: those that reach into the region and its run-up of
-- one segment of 92,160 samples.
UPDATE "mixes" SET "sounds" = array(
  WITH RECURSIVE path AS (
    SELECT t.id, t.parent_id, t.kind, (t.start_samples / 92160 - 1) * 92160 AS from_samples, 0 AS up
    FROM "takes" t WHERE t.id = "mixes"."take_id"
    UNION ALL
    SELECT t.id, t.parent_id, t.kind, path.from_samples, path.up + 1
    FROM "takes" t JOIN path ON t.id = path.parent_id
    WHERE t.start_samples + t.duration_samples > path.from_samples
  )
  SELECT id FROM path WHERE kind = 'voice' ORDER BY up DESC
);--> statement-breakpoint
ALTER TABLE "mixes" ALTER COLUMN "sounds" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "mixes" ADD COLUMN "superseded_at" timestamp with time zone;--> statement-breakpoint
CREATE UNIQUE INDEX "mixes_take_sounds_idx" ON "mixes" USING btree ("take_id","sounds") WHERE "mixes"."superseded_at" is null;--> statement-breakpoint
CREATE INDEX "mixes_superseded_idx" ON "mixes" USING btree ("superseded_at") WHERE "mixes"."superseded_at" is not null;--> statement-breakpoint
ALTER TABLE "mixes" ADD CONSTRAINT "mixes_take_plan_key" UNIQUE("take_id","plan_sha256");
