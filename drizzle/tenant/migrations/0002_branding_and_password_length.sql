ALTER TABLE "settings" ADD COLUMN "logo" text;--> statement-breakpoint
ALTER TABLE "settings" ADD COLUMN "brand_color" varchar(7);--> statement-breakpoint
ALTER TABLE "settings" ADD COLUMN "password_min_length" integer DEFAULT 12 NOT NULL;--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_brand_color" CHECK (brand_color ~ '^#[0-9a-f]{6}$');--> statement-breakpoint
ALTER TABLE "settings" ADD CONSTRAINT "settings_password_min_length" CHECK (password_min_length between 12 and 64);