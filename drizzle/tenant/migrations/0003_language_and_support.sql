ALTER TABLE "settings" ADD COLUMN "language" text DEFAULT 'en' NOT NULL;--> statement-breakpoint
ALTER TABLE "settings" ADD COLUMN "allows_support" boolean DEFAULT true NOT NULL;--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_language" CHECK (language in ('en', 'ar'));--> statement-breakpoint
-- Operators alone have this role.
ALTER TABLE "users" ADD CONSTRAINT "users_tenant_role" CHECK (role in ('Admin', 'Staff'));