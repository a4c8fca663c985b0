import type { SQL } from 'drizzle-orm'
import { and, eq, inArray, isNull, lt, ne, or, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { reasonOf } from '#server/database/errors.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { Database, PlatformRealm, Realm } from '#server/database/realms.ts'
import { withDatabase } from '#server/database/with-database.ts'
import type { App } from '#server/domain/context.ts'
import { keyLife } from '#server/domain/idempotency/keys.ts'
import { deleteUnusedImages } from '#server/domain/images/folders.ts'
import { migrationState } from '#server/domain/migrations/status.ts'

/** Retention in days after the end of each; docs/security.md lists them too. */
const kept = { sessions: 30, links: 30, operations: 90, support: 90, counts: 90 }

/**
 * Rows that one statement deletes, and limits in milliseconds for a statement and for a night. The next night
 * continues.
 */
const step = 5_000
const statementTimeout = 30_000
const timeLimit = 10 * 60_000

/** The expired rows of one table. */
interface Leftovers {
  table: PgTable
  over: SQL
}

/**
 * Deletes expired data: on the platform, and of every tenant whose schema is at this program's version. The audit log
 * stays. It uses a separate connection. Several processes may run it at the same time.
 * @param migrations all migrations of a tenant's schema
 * @param signal stops it after the current statement
 */
export async function cleanUp(app: App, migrations: Migration[], signal = new AbortController().signal): Promise<void> {
  const slots = {
    size: 1,
    statementTimeout,
    applicationName: 'tenantry-cleaning',
  }
  const ending = AbortSignal.any([signal, AbortSignal.timeout(timeLimit)])
  await withDatabase(app, slots, database => cleanAll(app, database, migrations, ending))
}

async function cleanAll(app: App, database: Database, migrations: Migration[], ending: AbortSignal): Promise<void> {
  const { current, behind } = await listTenants(database, migrations)
  if (behind.length > 0) app.log.warn({ event: 'cleanup_skipped', tenants: behind })
  let removed = await cleanUpRealm(app, 'console', database.platform, platformLeftovers(database.platform), ending)
  for (const { subdomain, schema } of current)
    removed += await cleanUpRealm(app, subdomain, database.tenant(schema), [], ending)
  for (const tenant of current) if (!ending.aborted) await cleanUpImages(app, tenant)
  await removeUnfinishedUploads(app)
  app.log.info({ event: 'cleanup_completed', removed, interrupted: ending.aborted })
}

// In random order: if the time is not enough for all tenants, it is not always the same ones that wait.
async function listTenants({ platform: { db, tables } }: Database, migrations: Migration[]) {
  const { tenants, schema_versions: versions } = tables
  const { id, subdomain, schema } = tenants
  const rows = await db
    .select({ id, subdomain, schema, state: migrationState(tables, migrations) })
    .from(tenants)
    .leftJoin(versions, eq(versions.schema, schema))
    .where(ne(tenants.status, 'purging'))
    .orderBy(sql`random()`)
  const behind = rows.filter(({ state }) => state !== 'current').map(({ subdomain }) => subdomain)
  return { current: rows.filter(({ state }) => state === 'current'), behind: behind.sort() }
}

/** @returns how many rows. A tenant that is broken or being replaced does not stop the others. */
async function cleanUpRealm(
  app: App,
  tenant: string,
  realm: Realm,
  more: Leftovers[],
  ending: AbortSignal,
): Promise<number> {
  let removed = 0
  try {
    for (const leftovers of [...realmLeftovers(realm), ...more]) removed += await deleteAll(realm, leftovers, ending)
  } catch (error) {
    app.log.warn({ event: 'cleanup_failed', tenant, reason: reasonOf(error) })
  }
  return removed
}

// During an operation on a tenant, its images may exist before their rows.
async function cleanUpImages(
  app: App,
  { id, subdomain, schema }: { id: string; subdomain: string; schema: string },
): Promise<void> {
  try {
    const files = (await isBusy(app, id)) ? 0 : await deleteUnusedImages(app, schema)
    if (files > 0) app.log.info({ event: 'unused_images_removed', tenant: subdomain, files })
  } catch (error) {
    app.log.warn({ event: 'cleanup_failed', tenant: subdomain, reason: reasonOf(error) })
  }
}

async function removeUnfinishedUploads({ files, log }: App): Promise<void> {
  try {
    const uploads = (await files.images.removeUnfinished()) + (await files.archives.removeUnfinished())
    if (uploads > 0) log.info({ event: 'unfinished_uploads_removed', uploads })
  } catch (error) {
    log.warn({ event: 'cleanup_failed', tenant: 'console', reason: reasonOf(error) })
  }
}

async function isBusy({ database: { platform } }: App, tenant: string): Promise<boolean> {
  const { operations } = platform.tables
  const isOpen = inArray(operations.state, ['queued', 'running'])
  return (await platform.db.$count(operations, and(eq(operations.tenant, tenant), isOpen))) > 0
}

// A session's refresh tokens expire with it at the latest, even if it was revoked earlier. Until then, the row is
// needed to recognise a token that was replaced or stolen.
function realmLeftovers({ tables }: Realm): Leftovers[] {
  const { sessions, one_time_tokens: tokens, idempotency_keys: keys, challenges, devices } = tables
  return [
    { table: challenges, over: lt(challenges.expires_at, daysAgo(1)) },
    { table: devices, over: lt(devices.expires_at, daysAgo(1)) },
    { table: keys, over: lt(keys.created, new Date(Date.now() - keyLife)) },
    { table: sessions, over: lt(sessions.expires_at, daysAgo(kept.sessions)) },
    { table: tokens, over: lt(tokens.expires_at, daysAgo(kept.links)) },
  ]
}

function platformLeftovers({
  tables: { operations, support_accesses: accesses, tenant_days: days },
}: PlatformRealm): Leftovers[] {
  const neverOpened = and(isNull(accesses.opened_at), lt(accesses.expires_at, daysAgo(kept.support)))
  return [
    {
      table: operations,
      over: and(inArray(operations.state, ['done', 'failed']), lt(operations.finished_at, daysAgo(kept.operations)))!,
    },
    { table: accesses, over: or(lt(accesses.ended_at, daysAgo(kept.support)), neverOpened)! },
    { table: days, over: lt(days.day, daysAgo(kept.counts).toISOString().slice(0, 10)) },
  ]
}

async function deleteAll({ db }: Realm, { table, over }: Leftovers, ending: AbortSignal): Promise<number> {
  let removed = 0
  let last = step
  while (last === step && !ending.aborted) {
    const some = sql`array(select ctid from ${table} where ${over} limit ${step} for update skip locked)`
    const rows = await db
      .delete(table)
      .where(sql`ctid = any(${some})`)
      .returning({ gone: sql`1` })
    last = rows.length
    removed += last
  }
  return removed
}

function daysAgo(days: number): Date {
  return new Date(Date.now() - days * 86_400_000)
}
