ALTER TABLE "settings" ADD COLUMN "second_factor" text DEFAULT 'optional' NOT NULL;--> statement-breakpoint
ALTER TABLE "settings" ADD COLUMN "second_factor_grace" integer DEFAULT 7 NOT NULL;--> statement-breakpoint
ALTER TABLE "settings" ADD COLUMN "second_factor_since" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_second_factor" CHECK (second_factor in ('optional', 'admins', 'everyone'));--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_second_factor_grace" CHECK (second_factor_grace between 0 and 30);