ALTER TABLE "tenants" DROP CONSTRAINT "tenants_status";--> statement-breakpoint
-- Nothing has ever set the two that go; whoever did by hand finds such a tenant closed.
UPDATE "tenants" SET status = 'suspended' WHERE status in ('pending', 'provisioning');--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_status" CHECK (status in ('active', 'suspended', 'deleting', 'purging'));