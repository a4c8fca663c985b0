ALTER TABLE "sessions" ADD COLUMN "support_operator" varchar(254);--> statement-breakpoint
-- With its trigger; without effect where 0003 is withdrawn.
DROP FUNCTION IF EXISTS "refuse_audit_tampering"() CASCADE;--> statement-breakpoint
-- The audit log is only ever added to. Its owner, which creates the schema, is the only role with privileges.
REVOKE UPDATE, DELETE, TRUNCATE ON "audit_events" FROM CURRENT_USER;
