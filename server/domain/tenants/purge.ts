import { setTimeout as sleep } from 'node:timers/promises'
import { eq, lt, or, sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { deleteImages } from '#server/domain/images/folders.ts'
import type { OperationWork } from '#server/domain/operations/work.ts'
import { purgeTenant } from './lifecycle/deletion.ts'
import { announceTenant } from './tenants.ts'

/** Milliseconds until every process knows that the tenant is closed. */
const announced = 1_500

/**
 * Deletes the data of a tenant in `purging`, and its row last: if the process dies, another one can continue from the
 * row. Its keys and sessions are in its schema.
 */
export const purge: OperationWork = async (app, { tenant, input }, report) => {
  const { schema, subdomain, name } = input as { schema: string; subdomain: string; name: string }
  report.begin('Waiting for all processes')
  await sleep(announced)
  report.begin('Deleting the schema')
  await dropSchema(app, schema)
  report.begin('Deleting files')
  await deleteImages(app, schema)
  report.begin('Recording the deletion')
  await leaveTombstone(app, { id: tenant!, schema, name })
  return { subdomain, name }
}

/** Starts to purge every tenant whose grace period is over, and continues failed purges. */
export async function purgeOverdue(app: App): Promise<void> {
  const { tenants } = app.database.platform.tables
  const rows = await app.database.platform.db
    .select({ id: tenants.id })
    .from(tenants)
    .where(or(eq(tenants.status, 'purging'), lt(tenants.purge_after, sql`now()`)))
  for (const { id } of rows) {
    // A tenant with another operation, or whose deletion was just cancelled, is left to the next run.
    await purgeTenant(app, id, fromSystem, { overdue: true }).catch((error: unknown) =>
      app.log.warn({ event: 'tenant_purge_postponed', tenant: id, reason: reasonOf(error) }),
    )
  }
}

/** Drops a schema and its recorded version; does nothing if it does not exist. */
export async function dropSchema(app: App, schema: string): Promise<void> {
  await app.database.platform.transaction(async tx => {
    await tx.execute(sql.raw(`drop schema if exists "${requireSchemaName(schema)}" cascade`))
    await tx.execute(sql`delete from platform.schema_versions where schema = ${schema}`)
  })
}

/** Deletes the row and what depends on it; its subdomains are quarantined. */
async function leaveTombstone(app: App, tenant: { id: string; schema: string; name: string }): Promise<void> {
  const { platform } = app.database
  const { tenants, outbox } = platform.tables
  const { id, name } = tenant
  await platform.transaction(async tx => {
    await quarantineSubdomains(tx, app, tenant)
    await tx.delete(outbox).where(eq(outbox.realm, id))
    const gone = await tx.delete(tenants).where(eq(tenants.id, id)).returning({ subdomain: tenants.subdomain })
    // No row: an earlier process had deleted it, and died before it could report that.
    if (gone[0]) {
      const details = { subdomain: gone[0].subdomain, name }
      await recordAudit(tx, platform, fromSystem, { action: 'tenant.purged', subject: id, details })
    }
    await announceTenant(tx, id)
  })
}

async function quarantineSubdomains(
  tx: Db,
  { config }: App,
  { id, schema, name }: { id: string; schema: string; name: string },
): Promise<void> {
  await tx.execute(sql`
    insert into platform.tombstones (subdomain, tenant, name, schema, purged_at, quarantined_until)
    select subdomain, ${id}::uuid, ${name}, ${schema}, now(), now() + make_interval(secs => ${config.life.quarantine})
    from (select subdomain from platform.tenants where id = ${id} union select subdomain from platform.former_subdomains where tenant = ${id}) as its
    on conflict (subdomain) do update set tenant = excluded.tenant, name = excluded.name, schema = excluded.schema, purged_at = excluded.purged_at, quarantined_until = excluded.quarantined_until`)
}
