import { sql } from 'drizzle-orm'
import { defineEventHandler, setResponseHeaders, setResponseStatus } from 'h3'
import { isDraining } from '#server/draining.ts'
import { getRuntime } from '#server/runtime.ts'
import { unavailable } from '#shared/errors.ts'

/**
 * Readiness: the database answers, and the process serves and is not about to end. Otherwise 503, which is no fault: it
 * is not logged each time that a balancer asks.
 */
export default defineEventHandler(async event => {
  const runtime = isDraining() ? undefined : getRuntime()
  if (!runtime) {
    const { status, body, headers } = unavailable()
    setResponseStatus(event, status)
    setResponseHeaders(event, headers)
    return body
  }
  await runtime.app.database.platform.db.execute(sql`select 1`)
  return { status: 'ok' }
})
