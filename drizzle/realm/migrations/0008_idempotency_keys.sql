CREATE TABLE "idempotency_keys" (
	"key" text PRIMARY KEY NOT NULL,
	"digest" text NOT NULL,
	"answer" text,
	"created" timestamp with time zone NOT NULL
);
