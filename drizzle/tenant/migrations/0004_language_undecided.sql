ALTER TABLE "settings" ALTER COLUMN "language" DROP DEFAULT;--> statement-breakpoint
ALTER TABLE "settings" ALTER COLUMN "language" DROP NOT NULL;--> statement-breakpoint
-- English was also what nobody had decided: pages go on following the browser, and mails are in English as before.
UPDATE "settings" SET "language" = NULL WHERE "language" = 'en';
