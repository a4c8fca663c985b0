import { sql } from 'drizzle-orm'
import { defineEventHandler } from 'h3'
import { isDraining } from '#server/draining.ts'
import { requireRuntime } from '#server/runtime.ts'
import { unavailable } from '#shared/errors.ts'

/** Readiness: the database answers, and the process is not about to end. @throws ApiError 503 otherwise */
export default defineEventHandler(async () => {
  if (isDraining()) throw unavailable()
  await requireRuntime().app.database.platform.db.execute(sql`select 1`)
  return { status: 'ok' }
})
