import { inLongTransaction } from '#server/database/long-transaction.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { App } from '#server/domain/context.ts'
import { deleteImages } from '#server/domain/images/folders.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import { invalidateInvitationLinks, fillSchema, putImages } from './load.ts'
import type { OpenArchive } from './reader.ts'
import type { NewPlace } from './target.ts'
import { addSigningKey, findPlace, openPlace } from './target.ts'

/** Creates a tenant from an archive, or finds the one that an earlier attempt has created. */
export async function restoreAsNew(
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
    return await makeTenant(app, archive, place, report, migrations)
  } catch (error) {
    // Another process may have taken over, and may have finished.
    const made = await findPlace(app, schema)
    if (made) return made
    if (!report.signal.aborted && !isPassing(error)) await deleteImages(app, schema)
    throw error
  }
}

async function makeTenant(
  app: App,
  archive: OpenArchive,
  place: NewPlace,
  report: OperationReport,
  migrations: MigrationSets,
) {
  const { schema } = place
  return inLongTransaction(app, schema, async (tx, client) => {
    const { tenant, url } = await openPlace(tx, app, place)
    await fillSchema(tx, client, schema, archive, migrations.tenant, report)
    await invalidateInvitationLinks(tx, schema)
    await writeStanding(tx, schema)
    await addSigningKey(tx, app, schema)
    await announceTenant(tx, tenant.id)
    report.signal.throwIfAborted()
    return { tenant: tenant.id, subdomain: tenant.subdomain, url }
  })
}
