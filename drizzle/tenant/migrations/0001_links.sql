-- What joins a tenant's tables to its realm's, which drizzle-kit cannot see from here.
ALTER TABLE "users" ADD CONSTRAINT "users_department_fk" FOREIGN KEY ("department") REFERENCES "departments"("id") ON DELETE restrict;--> statement-breakpoint
ALTER TABLE "invitations" ADD CONSTRAINT "invitations_invited_by_fk" FOREIGN KEY ("invited_by") REFERENCES "users"("id") ON DELETE set null;--> statement-breakpoint
INSERT INTO "settings" DEFAULT VALUES;
