import { eq, sql } from 'drizzle-orm'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { putFactors, readAllFactors } from '#server/domain/factors/keep.ts'
import { deleteImageFile, findUnusedImages } from '#server/domain/images/folders.ts'
import { canOpenKeys, newSigningKey } from '#server/domain/keys/ring.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { lockTenant } from '#server/domain/tenants/lifecycle/transitions.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { announceTenant, requireTenant } from '#server/domain/tenants/tenants.ts'
import { archiveTenant } from './export.ts'
import { invalidateInvitationLinks, fillSchema, putImages } from './load.ts'
import type { OpenArchive } from './reader.ts'
import type { RestoreInput } from './target.ts'

/** The work of one restoration, and what it works with. */
export interface Restoration {
  app: App
  operation: OperationRow
  archive: OpenArchive
  input: RestoreInput
  report: OperationReport
  migrations: MigrationSets
}

/**
 * Replaces a tenant's data by an archive's. The tenant is closed meanwhile, and its schema is replaced in one
 * transaction. Its name, subdomain and signing keys stay, and the second factors of its users; all sessions end.
 */
export async function restoreInPlace(restoration: Restoration): Promise<Record<string, unknown>> {
  const { app, operation } = restoration
  const tenant = await requireTenant(app, { id: operation.tenant! })
  const result = operation.result ?? (await replaceData(restoration, tenant))
  await removeImages(app, tenant, await findUnusedImages(app, tenant.schema, operation.created))
  return result
}

async function replaceData(restoration: Restoration, tenant: TenantRow): Promise<Record<string, unknown>> {
  const { app, operation, archive, input, report } = restoration
  const added: string[] = []
  try {
    await setMaintenance(app, tenant, true)
    const kept = input.keep ? (await archiveTenant(app, operation, tenant, report)).archive : null
    await putImages(app, tenant.schema, archive, report, added)
    return await replaceSchema(restoration, tenant, { tenant: tenant.id, kept })
  } catch (error) {
    if (!report.signal.aborted && !isPassing(error)) await undo(restoration, tenant, added)
    throw error
  }
}

// Only where the operation is not tried again: until then the tenant stays closed, so that its archive stays current.
async function undo({ app, input }: Restoration, tenant: TenantRow, added: string[]): Promise<void> {
  if (!input.maintained) await setMaintenance(app, tenant, false)
  await removeImages(app, tenant, added)
}

async function removeImages(app: App, { schema }: TenantRow, paths: string[]): Promise<void> {
  for (const path of paths) await deleteImageFile(app, schema, path)
}

/** Ends the maintenance of a restoration that has failed for good. */
export async function reopenTenant(app: App, { tenant }: OperationRow, { maintained }: RestoreInput): Promise<void> {
  if (!maintained) await setMaintenance(app, await requireTenant(app, { id: tenant! }), false)
}

async function setMaintenance(app: App, { id, schema }: TenantRow, closed: boolean): Promise<void> {
  const {
    transaction,
    tables: { tenants },
  } = app.database.platform
  await transaction(async tx => {
    await tx
      .update(tenants)
      .set({ maintenance_since: closed ? sql`coalesce(${tenants.maintenance_since}, now())` : null })
      .where(eq(tenants.id, id))
    await writeStanding(tx, schema)
    await announceTenant(tx, id)
  })
}

async function replaceSchema(
  restoration: Restoration,
  tenant: TenantRow,
  result: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { app, operation, report } = restoration
  const { operations } = app.database.platform.tables
  const former = app.database.tenant(tenant.schema)
  const keepsKeys = await canOpenKeys(former, app.config.secret).catch(() => false)
  // What users sign in with is of today: a restoration must not bring back a lost phone. Of a damaged schema, nothing.
  const factors = await readAllFactors(former).catch(() => ({ factors: [], codes: [] }))
  const draft = newSchemaName(tenant.subdomain)
  return inLongTransaction(app, tenant.schema, async (tx, client) => {
    const done = await findResult(tx, restoration, tenant)
    if (done) return done
    await fillDraft(tx, client, restoration, draft)
    await giveKeys(tx, app, tenant.schema, draft, keepsKeys)
    await putFactors(tx, app.database.tenant(draft), factors)
    await recordRestoration(tx, restoration, tenant, draft)
    report.begin('Replacing the schema')
    // Before its tables, as by every change of its status.
    await lockTenant(tx, app, tenant.id)
    await replaceBy(tx, app, tenant, draft)
    await reopen(tx, restoration, tenant)
    report.signal.throwIfAborted()
    await tx.update(operations).set({ result }).where(eq(operations.id, operation.id))
    return result
  })
}

// A process that was thought dead may still be working: the second one finds the result of the first.
async function findResult(tx: Db, { app, operation }: Restoration, { schema }: TenantRow) {
  const { operations } = app.database.platform.tables
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`restore ${schema}`}, 0))`)
  const rows = await tx.select({ result: operations.result }).from(operations).where(eq(operations.id, operation.id))
  return rows[0]?.result
}

async function fillDraft(
  tx: Db,
  client: TransactionClient,
  { archive, migrations, report }: Restoration,
  draft: string,
): Promise<void> {
  await fillSchema(tx, client, draft, archive, migrations.tenant, report)
  if (!archive.ours) await invalidateInvitationLinks(tx, draft)
}

// Signing keys are bound to the schema's name, which stays. Every process knows them, and all sessions are gone.
async function giveKeys(tx: Db, app: App, from: string, to: string, keeps: boolean): Promise<void> {
  const rows = keeps
    ? await readKeys(tx, app.database.tenant(from))
    : [await newSigningKey(from, app.config.secret, new Date())]
  await tx.insert(app.database.tenant(to).tables.signing_keys).values(rows)
}

function readKeys(tx: Db, { tables: { signing_keys: keys } }: TenantRealm) {
  const { kid, public_key, private_key, created, activated_at, retired_at } = keys
  return tx.select({ kid, public_key, private_key, created, activated_at, retired_at }).from(keys)
}

async function recordRestoration(
  tx: Db,
  { app, archive }: Restoration,
  { id }: TenantRow,
  draft: string,
): Promise<void> {
  await recordAudit(tx, app.database.tenant(draft), fromSystem, {
    action: 'organization.data_restored',
    subject: id,
    details: { to: archive.manifest.created },
  })
}

async function replaceBy(tx: Db, app: App, { schema }: TenantRow, draft: string): Promise<void> {
  const { schema_versions: versions } = app.database.platform.tables
  await tx.execute(sql`drop schema if exists ${sql.identifier(schema)} cascade`)
  await tx.execute(sql`alter schema ${sql.identifier(draft)} rename to ${sql.identifier(schema)}`)
  await tx.delete(versions).where(eq(versions.schema, schema))
  await tx.update(versions).set({ schema }).where(eq(versions.schema, draft))
}

async function reopen(tx: Db, { app, input }: Restoration, { id, schema }: TenantRow): Promise<void> {
  const { tenants } = app.database.platform.tables
  await tx
    .update(tenants)
    .set({ updated: new Date(), ...(input.maintained ? {} : { maintenance_since: null }) })
    .where(eq(tenants.id, id))
  await writeStanding(tx, schema)
  await announceTenant(tx, id)
}
