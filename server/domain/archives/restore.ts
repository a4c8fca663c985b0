import { rm } from 'node:fs/promises'
import { eq, sql } from 'drizzle-orm'
import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { Db } from '#server/database/realms.ts'
import { newSchemaName } from '#server/database/schema-names.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { imageFile, putImage, removeImageFolder, strayImages } from '#server/domain/images/folders.ts'
import { canOpenKeys, newSigningKey } from '#server/domain/keys/ring.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { announceTenant, requireTenant } from '#server/domain/tenants/tenants.ts'
import { archiveTenant } from './export.ts'
import { closeInvitationLinks, fillSchema, requireKnownVersion } from './load.ts'
import type { OpenArchive } from './reader.ts'
import { requireArchive, requireWelcome } from './store.ts'
import type { NewPlace } from './target.ts'
import { findPlace, openPlace } from './target.ts'

/** What an operation `restore` needs to know. */
export interface RestoreInput {
  archive: string
  /** One of another installation is welcome. */
  foreign: boolean
  /** The tenant to be made; null: in the place of the operation's own. */
  place: NewPlace | null
  /** In place: what is there now is archived first. */
  keep: boolean
  /** In place: it was in maintenance before, and stays so. */
  maintained: boolean
}

/** The work of an operation `restore`. */
export async function restoreArchive(
  app: App,
  operation: OperationRow,
  report: OperationReport,
  migrations: MigrationSets,
): Promise<Record<string, unknown>> {
  const input = operation.input as unknown as RestoreInput
  const archive = await requireArchive(app, input.archive)
  try {
    requireWelcome(archive, input.foreign)
    requireKnownVersion(archive.manifest, migrations.tenant)
    await check(archive, report)
    return input.place
      ? await restoreAsNew(app, archive, input.place, report, migrations)
      : await restoreInPlace(app, operation, archive, input, report, migrations)
  } finally {
    await archive.close()
  }
}

// In thousands of bytes, as the numbers of a progress are small ones.
async function check(archive: OpenArchive, report: OperationReport): Promise<void> {
  const thousands = (bytes: number) => Math.floor(bytes / 1000)
  let checked = 0
  report.begin('Checking the archive', thousands(archive.size))
  await archive.verify(async bytes => {
    report.advance(thousands(bytes) - checked)
    checked = thousands(bytes)
    await report.rest()
  })
}

async function restoreAsNew(
  app: App,
  archive: OpenArchive,
  place: NewPlace,
  report: OperationReport,
  migrations: MigrationSets,
) {
  const { schema } = place
  const before = await findPlace(app, schema)
  if (before) return before
  try {
    await putImages(app, schema, archive, report, [])
    return await inLongTransaction(app.database, app.databaseUrl, schema, async (tx, client) => {
      const { tenant, url } = await openPlace(tx, app, place)
      await fillSchema(tx, client, schema, archive, migrations.tenant, report)
      await closeInvitationLinks(tx, schema)
      await tx
        .insert(app.database.tenant(schema).tables.signing_keys)
        .values(await newSigningKey(schema, app.config.secret, new Date()))
      await announceTenant(tx, tenant.id)
      report.signal.throwIfAborted()
      return { tenant: tenant.id, subdomain: tenant.subdomain, url }
    })
  } catch (error) {
    // Another process may have taken over, and be through or at it.
    const made = await findPlace(app, schema)
    if (made) return made
    if (!report.signal.aborted && !isPassing(error)) await removeImageFolder(app, schema)
    throw error
  }
}

/**
 * The tenant is closed meanwhile, and its schema replaced in one transaction; until that is through, what it had is
 * untouched. Its name, subdomain and signing keys stay what they are; nobody stays signed in.
 */
async function restoreInPlace(
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
      // It goes on in a while, here or elsewhere, and must find what was kept still true.
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

/** @param added gets the paths of files that were not there before */
async function putImages(
  app: App,
  schema: string,
  archive: OpenArchive,
  report: OperationReport,
  added: string[],
): Promise<void> {
  report.begin('Writing images', archive.manifest.files.count)
  for await (const { file, bytes } of archive.files()) {
    if (await putImage(app, schema, file.path, bytes)) added.push(file.path)
    report.advance()
    await report.rest()
  }
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
    // A process that was thought dead may still be at it: whoever comes second finds the result.
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
    // One message, so that even without the transaction around it the old would not go without the new.
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

// They are bound to the schema's name, which stays; every process knows them, and every session is gone.
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
