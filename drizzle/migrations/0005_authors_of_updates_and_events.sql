ALTER TABLE "document_updates" ADD COLUMN "user_id" uuid;--> statement-breakpoint
ALTER TABLE "document_updates" ADD COLUMN "restores" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "story_events" ADD COLUMN "actor_id" uuid;--> statement-breakpoint
ALTER TABLE "story_events" ADD COLUMN "former_title" text;