ALTER TABLE "stories" ADD COLUMN "standing_revision" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "stories" ADD COLUMN "deleted_at" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "stories_deleted_idx" ON "stories" USING btree ("owner_id") WHERE "stories"."deleted_at" is not null;