CREATE TABLE "listening_positions" (
	"user_id" uuid NOT NULL,
	"story_id" uuid NOT NULL,
	"leaf_id" uuid NOT NULL,
	"position_samples" integer NOT NULL,
	"heard_at" timestamp with time zone NOT NULL,
	CONSTRAINT "listening_positions_user_id_story_id_pk" PRIMARY KEY("user_id","story_id"),
	CONSTRAINT "listening_positions_position_check" CHECK ("listening_positions"."position_samples" >= 0)
);
--> statement-breakpoint
ALTER TABLE "listening_positions" ADD CONSTRAINT "listening_positions_user_id_users_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."users"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "listening_positions" ADD CONSTRAINT "listening_positions_story_id_stories_id_fk" FOREIGN KEY ("story_id") REFERENCES "public"."stories"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "listening_positions" ADD CONSTRAINT "listening_positions_leaf_id_takes_id_fk" FOREIGN KEY ("leaf_id") REFERENCES "public"."takes"("id") ON DELETE cascade ON UPDATE no action;