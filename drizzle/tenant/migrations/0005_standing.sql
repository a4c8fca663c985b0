CREATE TABLE "standing" (
	"id" boolean PRIMARY KEY DEFAULT true NOT NULL,
	"state" text NOT NULL,
	CONSTRAINT "standing_one_row" CHECK (id),
	CONSTRAINT "standing_state" CHECK (state in ('active', 'suspended', 'deleting', 'purging', 'maintenance'))
);
