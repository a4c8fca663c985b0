import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { encryptFile } from './encryption/age.ts'
import { takeSnapshot } from './snapshot.ts'
import { archiveName } from './store.ts'
import { openWorkFolder } from '#server/domain/operations/work-folder.ts'
import { writeArchive } from './writer.ts'

/** The work of an operation `export`. */
export async function exportTenant(
  app: App,
  operation: OperationRow,
  report: OperationReport,
): Promise<{ archive: string; size: number }> {
  return archiveTenant(app, operation, await requireTenant(app, { id: operation.tenant! }), report)
}

/** Writes a tenant's archive once for each operation; does nothing if it already exists. */
export async function archiveTenant(
  app: App,
  operation: OperationRow,
  tenant: TenantRow,
  report: OperationReport,
): Promise<{ archive: string; size: number }> {
  const isEncrypted = app.config.archiveRecipients.length > 0
  const archive = archiveName(tenant.subdomain, operation.created, operation.id, isEncrypted)
  const { archives } = app.files
  if (!(await archives.stat(archive))) await writeInto(app, operation, tenant, archive, report)
  return { archive, size: (await archives.stat(archive))!.size }
}

async function writeInto(
  app: App,
  operation: OperationRow,
  tenant: TenantRow,
  archive: string,
  report: OperationReport,
): Promise<void> {
  const folder = await openWorkFolder(app, operation)
  try {
    const snapshot = await takeSnapshot(app, tenant, folder, report)
    const draft = join(folder, 'archive.tar')
    await writeArchive(draft, folder, tenant, snapshot, app.config.secret, report)
    report.begin('Storing the archive')
    await app.files.archives.putFile(archive, await encrypted(app, draft, report), report.signal)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function encrypted({ config }: App, draft: string, report: OperationReport): Promise<string> {
  const { archiveRecipients: recipients } = config
  if (recipients.length === 0) return draft
  report.begin('Encrypting the archive')
  const target = `${draft}.age`
  await encryptFile(draft, target, { recipients })
  return target
}
