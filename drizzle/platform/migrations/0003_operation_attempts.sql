ALTER TABLE "operations" ADD COLUMN "attempts" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "status_before" text;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "reason_before" text;