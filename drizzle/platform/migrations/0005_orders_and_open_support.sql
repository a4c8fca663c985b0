CREATE INDEX "operations_created" ON "operations" USING btree ("created");--> statement-breakpoint
CREATE INDEX "support_accesses_created" ON "support_accesses" USING btree ("created");--> statement-breakpoint
CREATE INDEX "support_accesses_open" ON "support_accesses" USING btree ("expires_at") WHERE ended_at is null;