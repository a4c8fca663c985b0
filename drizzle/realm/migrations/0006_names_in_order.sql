ALTER TABLE "one_time_tokens" DROP CONSTRAINT "one_time_tokens_purpose";--> statement-breakpoint
DROP INDEX "users_name";--> statement-breakpoint
CREATE INDEX "users_name" ON "users" USING btree (("last_name") collate "und-x-icu",("first_name") collate "und-x-icu","id");--> statement-breakpoint
ALTER TABLE "one_time_tokens" ADD CONSTRAINT "one_time_tokens_purpose" CHECK (purpose in ('reset', 'welcome', 'activation', 'email'));