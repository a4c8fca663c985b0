import { sql } from 'drizzle-orm'
import { defineEventHandler } from 'h3'
import { requireRuntime } from '#server/runtime.ts'

/** Readiness: the database answers. @throws ApiError 503 otherwise */
export default defineEventHandler(async () => {
  await requireRuntime().app.database.platform.db.execute(sql`select 1`)
  return { status: 'ok' }
})
