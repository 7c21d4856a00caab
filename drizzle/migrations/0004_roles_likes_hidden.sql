CREATE TABLE "likes" (
	"take_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "likes_take_id_user_id_pk" PRIMARY KEY("take_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "story_members" (
	"story_id" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"role" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "story_members_story_id_user_id_pk" PRIMARY KEY("story_id","user_id"),
	CONSTRAINT "story_members_role_check" CHECK ("story_members"."role" in ('keeper', 'teller', 'commenter', 'listener'))
);
--> statement-breakpoint
ALTER TABLE "stories" ADD COLUMN "openness" text DEFAULT 'open' NOT NULL;--> statement-breakpoint
ALTER TABLE "takes" ADD COLUMN "like_count" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "takes" ADD COLUMN "hidden_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "likes" ADD CONSTRAINT "likes_take_id_takes_id_fk" FOREIGN KEY ("take_id") REFERENCES "public"."takes"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "likes" ADD CONSTRAINT "likes_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "story_members" ADD CONSTRAINT "story_members_story_id_stories_id_fk" FOREIGN KEY ("story_id") REFERENCES "public"."stories"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "story_members" ADD CONSTRAINT "story_members_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "likes_user_idx" ON "likes" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "story_members_user_idx" ON "story_members" USING btree ("user_id");--> statement-breakpoint
ALTER TABLE "stories" ADD CONSTRAINT "stories_openness_check" CHECK ("stories"."openness" in ('open', 'members'));