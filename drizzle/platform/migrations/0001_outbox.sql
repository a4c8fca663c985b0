CREATE TABLE "outbox" (
	"id" uuid PRIMARY KEY NOT NULL,
	"realm" varchar(36) NOT NULL,
	"kind" text NOT NULL,
	"recipient" varchar(254) NOT NULL,
	"data" jsonb,
	"created" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"last_error" text,
	"sent_at" timestamp with time zone,
	"given_up_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "outbox_due" ON "outbox" USING btree ("due_at") WHERE sent_at is null and given_up_at is null;--> statement-breakpoint
CREATE INDEX "outbox_created" ON "outbox" USING btree ("created");