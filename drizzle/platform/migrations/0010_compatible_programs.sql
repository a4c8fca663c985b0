ALTER TABLE "schema_versions" ADD COLUMN "needed" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "operations" ADD COLUMN "stop" text;