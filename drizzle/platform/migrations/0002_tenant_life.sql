CREATE TABLE "former_subdomains" (
	"subdomain" varchar(40) PRIMARY KEY NOT NULL,
	"tenant" uuid NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"redirects_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "operations" (
	"id" uuid PRIMARY KEY NOT NULL,
	"kind" text NOT NULL,
	"tenant" uuid,
	"state" text DEFAULT 'queued' NOT NULL,
	"input" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"result" jsonb,
	"step" text,
	"done" integer DEFAULT 0 NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"error" text,
	"requested_by" uuid,
	"created" timestamp with time zone NOT NULL,
	"started_at" timestamp with time zone,
	"lease_until" timestamp with time zone,
	"finished_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "signups" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" varchar(150) NOT NULL,
	"subdomain" varchar(40) NOT NULL,
	"email" varchar(254) NOT NULL,
	"language" text DEFAULT 'en' NOT NULL,
	"token_hash" text NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"confirmed_at" timestamp with time zone,
	"approved_at" timestamp with time zone,
	"refused_at" timestamp with time zone,
	"decided_by" uuid,
	"tenant" uuid
);
--> statement-breakpoint
CREATE TABLE "spare_schemas" (
	"schema" varchar(63) PRIMARY KEY NOT NULL,
	"created" timestamp with time zone NOT NULL,
	CONSTRAINT "spare_schemas_name" CHECK (schema ~ '^t_[a-z0-9_]+$')
);
--> statement-breakpoint
CREATE TABLE "support_accesses" (
	"id" uuid PRIMARY KEY NOT NULL,
	"tenant" uuid NOT NULL,
	"user_id" uuid NOT NULL,
	"operator" uuid NOT NULL,
	"operator_email" varchar(254) NOT NULL,
	"reason" text NOT NULL,
	"is_read_only" boolean DEFAULT true NOT NULL,
	"token_hash" text NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"opened_at" timestamp with time zone,
	"expires_at" timestamp with time zone NOT NULL,
	"ended_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "tenant_days" (
	"tenant" uuid NOT NULL,
	"day" date NOT NULL,
	"requests" integer DEFAULT 0 NOT NULL,
	"errors" integer DEFAULT 0 NOT NULL,
	CONSTRAINT "tenant_days_tenant_day_pk" PRIMARY KEY("tenant","day")
);
--> statement-breakpoint
CREATE TABLE "tombstones" (
	"subdomain" varchar(40) PRIMARY KEY NOT NULL,
	"tenant" uuid NOT NULL,
	"name" varchar(150) NOT NULL,
	"schema" varchar(63) NOT NULL,
	"purged_at" timestamp with time zone NOT NULL,
	"quarantined_until" timestamp with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "tenants" DROP CONSTRAINT "tenants_status";--> statement-breakpoint
ALTER TABLE "domains" ADD COLUMN "challenge" text DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "domains" ADD COLUMN "checked_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "domains" ADD COLUMN "last_error" text;--> statement-breakpoint
ALTER TABLE "domains" ADD COLUMN "is_primary" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "status_reason" text;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "status_changed" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "purge_after" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "maintenance_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "former_subdomains" ADD CONSTRAINT "former_subdomains_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "support_accesses" ADD CONSTRAINT "support_accesses_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tenant_days" ADD CONSTRAINT "tenant_days_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "former_subdomains_tenant" ON "former_subdomains" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "operations_tenant" ON "operations" USING btree ("tenant","created");--> statement-breakpoint
CREATE INDEX "operations_open" ON "operations" USING btree ("created") WHERE state in ('queued', 'running');--> statement-breakpoint
CREATE UNIQUE INDEX "operations_one_each" ON "operations" USING btree ("tenant") WHERE state in ('queued', 'running');--> statement-breakpoint
CREATE UNIQUE INDEX "signups_token" ON "signups" USING btree ("token_hash");--> statement-breakpoint
CREATE UNIQUE INDEX "signups_confirmed_subdomain" ON "signups" USING btree ("subdomain") WHERE confirmed_at is not null and refused_at is null and tenant is null;--> statement-breakpoint
CREATE INDEX "signups_created" ON "signups" USING btree ("created");--> statement-breakpoint
CREATE UNIQUE INDEX "support_accesses_token" ON "support_accesses" USING btree ("token_hash");--> statement-breakpoint
CREATE INDEX "support_accesses_tenant" ON "support_accesses" USING btree ("tenant","created");--> statement-breakpoint
CREATE UNIQUE INDEX "domains_one_primary" ON "domains" USING btree ("tenant") WHERE is_primary;--> statement-breakpoint
CREATE INDEX "tenants_status_created" ON "tenants" USING btree ("status","created");--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_primary_verified" CHECK (not is_primary or verified_at is not null);--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_purge_after" CHECK ((status = 'deleting') = (purge_after is not null));--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_status" CHECK (status in ('pending', 'provisioning', 'active', 'suspended', 'deleting', 'purging'));