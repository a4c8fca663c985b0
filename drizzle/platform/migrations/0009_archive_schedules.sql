CREATE TABLE "archive_schedules" (
	"tenant" uuid PRIMARY KEY NOT NULL,
	"every" text NOT NULL,
	"hour" smallint NOT NULL,
	"changed" timestamp with time zone NOT NULL,
	"queued_at" timestamp with time zone,
	CONSTRAINT "archive_schedules_every" CHECK (every in ('day', 'week')),
	CONSTRAINT "archive_schedules_hour" CHECK (hour between 0 and 23)
);
--> statement-breakpoint
ALTER TABLE "archive_schedules" ADD CONSTRAINT "archive_schedules_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;