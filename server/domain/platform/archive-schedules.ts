import { createHash } from 'node:crypto'
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import { requestExport } from '#server/domain/archives/requests.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import type { Check } from './check.ts'

/** When a tenant is archived: each day or week, in an hour in UTC. */
export interface ArchiveSchedule {
  every: 'day' | 'week'
  hour: number
}

const day = 86_400_000

/** Sets a tenant's schedule. @param schedule null: none. @throws ApiError 404 */
export async function setArchiveSchedule(
  app: App,
  id: string,
  schedule: ArchiveSchedule | null,
  audit: AuditContext,
): Promise<void> {
  const { platform } = app.database
  const { archive_schedules: schedules } = platform.tables
  const tenant = await requireTenant(app, { id })
  await platform.transaction(async tx => {
    const set = { ...schedule!, changed: new Date(), queued_at: null }
    await (schedule
      ? tx
          .insert(schedules)
          .values({ tenant: tenant.id, ...set })
          .onConflictDoUpdate({ target: schedules.tenant, set })
      : tx.delete(schedules).where(eq(schedules.tenant, tenant.id)))
    const details = schedule ? { every: schedule.every, hour: schedule.hour } : { every: null }
    await recordAudit(tx, platform, audit, { action: 'tenant.archive_schedule_changed', subject: tenant.id, details })
  })
}

/** All schedules, by subdomain. */
export async function listArchiveSchedules({ database: { platform } }: App) {
  const { archive_schedules: schedules, tenants } = platform.tables
  const { every, hour, changed, queued_at } = schedules
  return platform.db
    .select({ id: tenants.id, subdomain: tenants.subdomain, status: tenants.status, every, hour, changed, queued_at })
    .from(schedules)
    .innerJoin(tenants, eq(tenants.id, schedules.tenant))
    .orderBy(asc(tenants.subdomain))
}

/**
 * Queues the archive of the tenant that has waited longest for it. Only one at a time: while any archive is being made,
 * none is queued.
 */
export async function queueScheduledArchive(app: App, now = new Date()): Promise<void> {
  const { platform } = app.database
  const { operations, archive_schedules: schedules } = platform.tables
  const isOpen = and(eq(operations.kind, 'export'), inArray(operations.state, ['queued', 'running']))
  if ((await platform.db.$count(operations, isOpen)) > 0) return
  for (const { id } of (await findDue(app, now)).sort((a, b) => a.since - b.since)) {
    try {
      await requestExport(app, id, fromSystem)
      await platform.db.update(schedules).set({ queued_at: now }).where(eq(schedules.tenant, id))
      return
    } catch (error) {
      // It has another operation, for example. The next one may have none.
      app.log.warn({ event: 'archive_schedule_postponed', tenant: id, reason: reasonOf(error) })
    }
  }
}

async function findDue(app: App, now: Date): Promise<{ id: string; since: number }[]> {
  return (await listArchiveSchedules(app)).flatMap(({ id, status, changed, queued_at, ...schedule }) => {
    const last = (queued_at ?? changed).getTime()
    const isServed = status === 'active' || status === 'suspended'
    return isServed && last < lastTurn(id, schedule, now) ? [{ id, since: last }] : []
  })
}

/** The last moment at which a tenant was due: each has its own minute, and its own day of the week. */
export function lastTurn(id: string, { every, hour }: ArchiveSchedule, now: Date): number {
  const mark = createHash('sha256').update(id).digest()
  const period = every === 'day' ? day : 7 * day
  const offset = (hour * 60 + (mark[0]! % 60)) * 60_000 + (every === 'week' ? (mark[1]! % 7) * day : 0)
  return Math.floor((now.getTime() - offset) / period) * period + offset
}

/** Tenants whose newest archive is older than two periods of their schedule. */
export async function checkArchiveSchedules(app: App): Promise<Check> {
  const schedules = await listArchiveSchedules(app)
  const problems: string[] = []
  for (const { id, subdomain, every, changed } of schedules) {
    const { done, error } = await readLast(app, id)
    const since = Math.max(changed.getTime(), done?.getTime() ?? 0)
    if (since < Date.now() - 2 * (every === 'day' ? day : 7 * day))
      problems.push(
        `${subdomain} has had no archive since ${new Date(since).toISOString()}, although it should have one each ${every}.${error ? ` The last attempt failed: ${error}` : ''} Run: tenantry tenant export ${subdomain}`,
      )
  }
  return { name: 'archive schedules', found: `${schedules.length} set`, problems }
}

async function readLast({ database: { platform } }: App, tenant: string) {
  const { operations } = platform.tables
  const rows = await platform.db
    .select({ state: operations.state, error: operations.error, finished_at: operations.finished_at })
    .from(operations)
    .where(and(eq(operations.tenant, tenant), eq(operations.kind, 'export'), sql`finished_at is not null`))
    .orderBy(sql`finished_at desc`)
    .limit(50)
  const done = rows.find(({ state }) => state === 'done')?.finished_at
  return { done, error: rows[0]?.state === 'failed' ? rows[0].error : null }
}
