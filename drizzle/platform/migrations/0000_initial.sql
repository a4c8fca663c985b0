CREATE TABLE "domains" (
	"host" varchar(253) PRIMARY KEY NOT NULL,
	"tenant" uuid NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"verified_at" timestamp with time zone,
	CONSTRAINT "domains_host_folded" CHECK (host = lower(host))
);
--> statement-breakpoint
CREATE TABLE "rate_limits" (
	"key" varchar(255) PRIMARY KEY NOT NULL,
	"points" integer DEFAULT 0 NOT NULL,
	"expire" bigint
);
--> statement-breakpoint
CREATE TABLE "schema_versions" (
	"schema" varchar(63) PRIMARY KEY NOT NULL,
	"applied" text[] NOT NULL,
	"version" text NOT NULL,
	"state" text DEFAULT 'migrated' NOT NULL,
	"error" text,
	"updated" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"id" uuid PRIMARY KEY NOT NULL,
	"name" varchar(150) NOT NULL,
	"business_phone_number" varchar(32) DEFAULT '' NOT NULL,
	"business_email" varchar(254) NOT NULL,
	"schema" varchar(63) NOT NULL,
	"subdomain" varchar(40) NOT NULL,
	"tenant_id" varchar(16) NOT NULL,
	"status" text DEFAULT 'active' NOT NULL,
	"is_active" boolean GENERATED ALWAYS AS (status = 'active') STORED NOT NULL,
	"created" timestamp with time zone NOT NULL,
	"updated" timestamp with time zone NOT NULL,
	CONSTRAINT "tenants_status" CHECK (status in ('active', 'suspended')),
	CONSTRAINT "tenants_subdomain_label" CHECK (subdomain ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])$'),
	CONSTRAINT "tenants_schema_name" CHECK (schema ~ '^t_[a-z0-9_]+$')
);
--> statement-breakpoint
ALTER TABLE "domains" ADD CONSTRAINT "domains_tenant_tenants_id_fk" FOREIGN KEY ("tenant") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "domains_tenant" ON "domains" USING btree ("tenant");--> statement-breakpoint
CREATE INDEX "rate_limits_expire" ON "rate_limits" USING btree ("expire");--> statement-breakpoint
CREATE UNIQUE INDEX "tenants_name" ON "tenants" USING btree (lower("name"));--> statement-breakpoint
CREATE UNIQUE INDEX "tenants_schema" ON "tenants" USING btree ("schema");--> statement-breakpoint
CREATE UNIQUE INDEX "tenants_subdomain" ON "tenants" USING btree ("subdomain");--> statement-breakpoint
CREATE UNIQUE INDEX "tenants_tenant_id" ON "tenants" USING btree ("tenant_id");--> statement-breakpoint
CREATE INDEX "tenants_created" ON "tenants" USING btree ("created");