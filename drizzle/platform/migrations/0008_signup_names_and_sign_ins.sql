ALTER TABLE "signups" ADD COLUMN "first_name" varchar(150) DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "signups" ADD COLUMN "last_name" varchar(150) DEFAULT '' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant_days" ADD COLUMN "sign_ins" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant_days" ADD COLUMN "failed_sign_ins" integer DEFAULT 0 NOT NULL;