import { rm } from 'node:fs/promises'
import { eq, sql } from 'drizzle-orm'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { Db } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { imageFile, strayImages } from '#server/domain/images/folders.ts'
import { canOpenKeys, newSigningKey } from '#server/domain/keys/ring.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { announceTenant, requireTenant } from '#server/domain/tenants/tenants.ts'
import { archiveTenant } from './export.ts'
import { closeInvitationLinks, fillSchema } from './load.ts'
import type { OpenArchive } from './reader.ts'
import { putImages } from './restore-images.ts'
import type { RestoreInput } from './target.ts'

/**
 * Replaces a tenant's data by an archive's. The tenant is closed meanwhile, and its schema is replaced in one
 * transaction. Its name, subdomain and signing keys stay; all sessions end.
 */
export async function restoreInPlace(
  app: App,
  operation: OperationRow,
  archive: OpenArchive,
  input: RestoreInput,
  report: OperationReport,
  migrations: MigrationSets,
) {
  const tenant = await requireTenant(app, { id: operation.tenant! })
  let result = operation.result
  if (!result) {
    const added: string[] = []
    try {
      await setMaintenance(app, tenant.id, true)
      const kept = input.keep ? (await archiveTenant(app, operation, tenant, report)).archive : null
      await putImages(app, tenant.schema, archive, report, added)
      result = await replaceSchema(
        app,
        operation,
        tenant,
        archive,
        { tenant: tenant.id, kept },
        input,
        report,
        migrations,
      )
    } catch (error) {
      // The operation is tried again, here or elsewhere. The tenant stays closed, so that its archive stays current.
      if (report.signal.aborted || isPassing(error)) throw error
      if (!input.maintained) await setMaintenance(app, tenant.id, false)
      for (const path of added) await rm(imageFile(app, tenant.schema, path), { force: true })
      throw error
    }
  }
  for (const path of await strayImages(app, tenant.schema, operation.created))
    await rm(imageFile(app, tenant.schema, path), { force: true })
  return result
}

async function setMaintenance(app: App, id: string, closed: boolean): Promise<void> {
  const {
    transaction,
    tables: { tenants },
  } = app.database.platform
  await transaction(async tx => {
    await tx
      .update(tenants)
      .set({ maintenance_since: closed ? sql`coalesce(${tenants.maintenance_since}, now())` : null })
      .where(eq(tenants.id, id))
    await announceTenant(tx, id)
  })
}

async function replaceSchema(
  app: App,
  operation: OperationRow,
  { id, schema, subdomain }: { id: string; schema: string; subdomain: string },
  archive: OpenArchive,
  result: Record<string, unknown>,
  { maintained }: RestoreInput,
  report: OperationReport,
  migrations: MigrationSets,
): Promise<Record<string, unknown>> {
  const { platform } = app.database
  const { tenants, operations, schema_versions: versions } = platform.tables
  const keepsKeys = await canOpenKeys(app.database.tenant(schema), app.config.secret).catch(() => false)
  const draft = newSchemaName(subdomain)
  return inLongTransaction(app.database, app.databaseUrl, schema, async (tx, client) => {
    // A process that seemed dead may still be working: the second one finds the result of the first.
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`restore ${schema}`}, 0))`)
    const done = (
      await tx.select({ result: operations.result }).from(operations).where(eq(operations.id, operation.id))
    )[0]?.result
    if (done) return done
    await fillSchema(tx, client, draft, archive, migrations.tenant, report)
    if (!archive.ours) await closeInvitationLinks(tx, draft)
    await giveKeys(tx, app, schema, draft, keepsKeys)
    await recordAudit(tx, app.database.tenant(draft), fromSystem, {
      action: 'organization.data_restored',
      subject: id,
      details: { to: archive.manifest.created },
    })
    report.begin('Replacing the schema')
    // One message, so that the old schema is never dropped without its replacement.
    await tx.execute(
      sql`drop schema if exists ${sql.identifier(schema)} cascade; alter schema ${sql.identifier(draft)} rename to ${sql.identifier(schema)}`,
    )
    await tx.delete(versions).where(eq(versions.schema, schema))
    await tx.update(versions).set({ schema }).where(eq(versions.schema, draft))
    await tx
      .update(tenants)
      .set({ updated: new Date(), ...(maintained ? {} : { maintenance_since: null }) })
      .where(eq(tenants.id, id))
    await announceTenant(tx, id)
    report.signal.throwIfAborted()
    await tx.update(operations).set({ result }).where(eq(operations.id, operation.id))
    return result
  })
}

// Signing keys are bound to the schema's name, which stays. Every process knows them, and all sessions are gone.
async function giveKeys(tx: Db, app: App, from: string, to: string, keeps: boolean): Promise<void> {
  const { signing_keys: keys } = app.database.tenant(from).tables
  const rows = keeps
    ? await tx
        .select({
          kid: keys.kid,
          public_key: keys.public_key,
          private_key: keys.private_key,
          created: keys.created,
          activated_at: keys.activated_at,
          retired_at: keys.retired_at,
        })
        .from(keys)
    : [await newSigningKey(from, app.config.secret, new Date())]
  await tx.insert(app.database.tenant(to).tables.signing_keys).values(rows)
}
