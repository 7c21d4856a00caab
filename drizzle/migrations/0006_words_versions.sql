CREATE TABLE "words_restores" (
	"key" uuid PRIMARY KEY NOT NULL,
	"take_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "words_versions" (
	"take_id" uuid NOT NULL,
	"seq" bigint NOT NULL,
	"kind" text NOT NULL,
	"author_id" uuid,
	"began_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone NOT NULL,
	"restores" timestamp (3) with time zone,
	"marks" json,
	"running" json,
	CONSTRAINT "words_versions_take_id_seq_pk" PRIMARY KEY("take_id","seq"),
	CONSTRAINT "words_versions_kind_check" CHECK ("words_versions"."kind" in ('published', 'edit', 'restored', 'forgot'))
);
--> statement-breakpoint
ALTER TABLE "document_snapshots" ADD COLUMN "updates" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "takes" ADD COLUMN "words_updates" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "words_restores" ADD CONSTRAINT "words_restores_take_id_takes_id_fk" FOREIGN KEY ("take_id") REFERENCES "public"."takes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "words_versions" ADD CONSTRAINT "words_versions_take_id_takes_id_fk" FOREIGN KEY ("take_id") REFERENCES "public"."takes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "words_versions_ended_idx" ON "words_versions" USING btree ("take_id","ended_at");