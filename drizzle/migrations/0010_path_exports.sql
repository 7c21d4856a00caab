CREATE TABLE "path_exports" (
	"id" uuid PRIMARY KEY NOT NULL,
	"key_sha256" text NOT NULL,
	"take_id" uuid NOT NULL,
	"format" text NOT NULL,
	"spec" jsonb NOT NULL,
	"requested_by" uuid,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"done" real DEFAULT 0 NOT NULL,
	"object_key" text,
	"bytes" bigint,
	"until" timestamp with time zone,
	CONSTRAINT "path_exports_keySha256_unique" UNIQUE("key_sha256"),
	CONSTRAINT "path_exports_format_check" CHECK ("path_exports"."format" in ('flac', 'm4a', 'mp3', 'stems')),
	CONSTRAINT "path_exports_state_check" CHECK ("path_exports"."state" in ('waiting', 'working', 'ready', 'failed')),
	CONSTRAINT "path_exports_ready_check" CHECK (("path_exports"."state" = 'ready') = ("path_exports"."object_key" is not null)
        and ("path_exports"."object_key" is null) = ("path_exports"."bytes" is null)),
	CONSTRAINT "path_exports_until_check" CHECK (("path_exports"."state" in ('ready', 'failed')) = ("path_exports"."until" is not null))
);
--> statement-breakpoint
ALTER TABLE "path_exports" ADD CONSTRAINT "path_exports_take_id_takes_id_fk" FOREIGN KEY ("take_id") REFERENCES "public"."takes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "path_exports" ADD CONSTRAINT "path_exports_requested_by_users_id_fk" FOREIGN KEY ("requested_by") REFERENCES "public"."users"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "path_exports_person_idx" ON "path_exports" USING btree ("requested_by","requested_at");